//! Writes lines to a pipe until its reader closes it.

use std::io::{BufWriter, ErrorKind, Write};

use anyhow::Result;

/// A buffered writer of lines, such as on standard output.
pub struct LineOutput<W: Write>(BufWriter<W>);

impl<W: Write> LineOutput<W> {
    /// Creates the writer. Flush it before waiting for anything.
    pub fn new(target: W) -> Self {
        Self(BufWriter::with_capacity(1 << 16, target))
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
