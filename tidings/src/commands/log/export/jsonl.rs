//! CloudEvents, one JSON object a line: what `GET /v1/events` answers.

use std::io::Write as _;

use anyhow::Result;
use domain::envelope::Envelope;

use super::part::{Format, Target};

/// A file of lines.
pub struct Jsonl(Target);

impl Jsonl {
    /// Into a file.
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
