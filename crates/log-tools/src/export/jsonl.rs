//! Writes events as CloudEvents, one JSON object per line, as `GET /v1/events` returns them.

use std::io::Write as _;

use anyhow::Result;
use domain::envelope::Envelope;

use super::writer::{HashedFile, PartWriter};

/// A writer of JSON Lines files.
pub struct JsonlWriter(HashedFile);

impl JsonlWriter {
    /// Creates a writer.
    pub fn new(target: HashedFile) -> Self {
        Self(target)
    }
}

impl PartWriter for JsonlWriter {
    fn write_event(&mut self, event: &Envelope) -> Result<()> {
        let mut line = event.to_json()?;
        line.push(b'\n');
        self.0.write_all(&line)?;
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<HashedFile> {
        Ok(self.0)
    }
}
