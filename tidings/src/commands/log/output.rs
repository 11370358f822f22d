//! Writes lines to standard output until the reader closes the pipe.

use std::io::{BufWriter, ErrorKind, Stdout, Write as _};

use anyhow::Result;

/// A buffered writer of lines on standard output.
pub struct LineOutput(BufWriter<Stdout>);

impl LineOutput {
    /// Creates the writer. Flush it before waiting for anything.
    pub fn new() -> Self {
        Self(BufWriter::with_capacity(1 << 16, std::io::stdout()))
    }

    /// Writes a line. False if the reader has closed the pipe.
    pub fn write_line(&mut self, line: &[u8]) -> Result<bool> {
        let written = self
            .0
            .write_all(line)
            .and_then(|()| self.0.write_all(b"\n"));
        is_reader_connected(written)
    }

    /// Flushes the buffer. False if the reader has closed the pipe.
    pub fn flush(&mut self) -> Result<bool> {
        is_reader_connected(self.0.flush())
    }
}

/// Maps a closed pipe, such as that of `head`, to `false`, because it is not an error.
fn is_reader_connected(written: std::io::Result<()>) -> Result<bool> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error.into()),
    }
}
