//! Lines on standard output, for as long as somebody reads them.

use std::io::{BufWriter, ErrorKind, Stdout, Write as _};

use anyhow::Result;

/// Standard output.
pub struct Output(BufWriter<Stdout>);

impl Output {
    /// Buffered: flush it before waiting for anything.
    pub fn new() -> Self {
        Self(BufWriter::with_capacity(1 << 16, std::io::stdout()))
    }

    /// Writes a line. False if nobody reads any more.
    pub fn line(&mut self, line: &[u8]) -> Result<bool> {
        let written = self
            .0
            .write_all(line)
            .and_then(|()| self.0.write_all(b"\n"));
        is_read(written)
    }

    /// Hands over what was written. False if nobody reads any more.
    pub fn flush(&mut self) -> Result<bool> {
        is_read(self.0.flush())
    }
}

/// A pipe whose other end has closed, as that of `head` does, is no failure.
fn is_read(written: std::io::Result<()>) -> Result<bool> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error.into()),
    }
}
