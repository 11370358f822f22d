//! Standard output, which may be closed early: `tidings log tail | head` reads no further.

use std::fmt;
use std::io::{self, Write as _};

/// Standard output cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The reader has gone, as `head` does when it has enough. That is no failure.
    #[error("standard output is closed")]
    Closed,
    /// Anything else, such as a full disk.
    #[error("cannot write to standard output: {0}")]
    Failed(io::Error),
}

/// Writes to standard output, for the macros `out` and `outln`.
pub fn write(text: fmt::Arguments<'_>) -> Result<(), OutputError> {
    let mut output = io::stdout().lock();
    let written = output.write_fmt(text).and_then(|()| output.flush());
    written.map_err(OutputError::from)
}

impl From<io::Error> for OutputError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Failed(error),
        }
    }
}

/// Like `print!`, but returns an [`OutputError`] instead of panicking.
macro_rules! out {
    ($($argument:tt)*) => {
        $crate::output::write(format_args!($($argument)*))
    };
}

/// Like `println!`, but returns an [`OutputError`] instead of panicking.
macro_rules! outln {
    ($($argument:tt)*) => {
        $crate::output::write(format_args!("{}\n", format_args!($($argument)*)))
    };
}

pub(crate) use {out, outln};

/// Whether the command ended because nobody reads its output any more.
pub fn is_closed(error: &anyhow::Error) -> bool {
    let mut causes = error.chain();
    causes.any(|cause| matches!(cause.downcast_ref(), Some(OutputError::Closed)))
}
