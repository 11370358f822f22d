//! Writes events as CloudEvents, one JSON object per line, as `GET /v1/events` returns them.

use std::io::Write as _;

use anyhow::Result;
use domain::envelope::Envelope;

use super::part::{Format, Target};

/// A writer of JSON Lines files.
pub struct Jsonl(Target);

impl Jsonl {
    /// Creates a writer.
    pub fn new(target: Target) -> Self {
        Self(target)
    }
}

impl Format for Jsonl {
    fn take(&mut self, event: &Envelope) -> Result<()> {
        let mut line = event.to_json()?;
        line.push(b'\n');
        self.0.write_all(&line)?;
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Target> {
        Ok(self.0)
    }
}
