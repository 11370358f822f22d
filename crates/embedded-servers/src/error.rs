//! Why servers do not start.

use std::io;
use std::path::{Path, PathBuf};

/// Why the servers did not start. The messages are meant for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another process runs servers on this data directory.
    #[error("{} is in use by process {}.", data.display(), pid.map_or_else(|| "?".to_owned(), |pid| pid.to_string()))]
    Locked {
        /// The data directory.
        data: PathBuf,
        /// The process that holds the lock, if its id is known.
        pid: Option<u32>,
    },
    /// A program is missing, or none can be used.
    #[error("{0}")]
    ProgramMissing(String),
    /// The programs could not be fetched.
    #[error("{0}")]
    Fetch(String),
    /// A directory cannot be used in its current state.
    #[error("{0}")]
    Unusable(String),
    /// A server exited instead of starting.
    #[error("{server} did not start. The end of its log:\n{log}")]
    Exited {
        /// The name of the server.
        server: &'static str,
        /// The last lines of its log.
        log: String,
    },
    /// A file or directory could not be created, read or changed.
    #[error("{}: {source}", path.display())]
    Io {
        /// The path of the file or directory.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
}

/// Wraps a file system error with the path that it concerns.
pub(crate) fn file_error(path: &Path) -> impl FnOnce(io::Error) -> StartError {
    let path = path.to_path_buf();
    move |source| StartError::Io { path, source }
}
