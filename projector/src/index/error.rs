//! Why indexing failed.

use search::index::IndexError;

/// Why indexing failed. Every error is transient or repaired by a later step.
#[derive(Debug, thiserror::Error)]
pub enum IndexingError {
    /// The search index returned an error.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The directory of the search index could not be read or written.
    #[error("cannot access the directory of the search index: {0}")]
    Io(#[from] std::io::Error),
    /// Postgres is unreachable or returned an error.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The index belongs to another log or numbering, or is ahead of the log or the read model.
    #[error("the search index {0}")]
    Incompatible(&'static str),
    /// There is no index to compare with.
    #[error("the search index cannot be compared: {0}")]
    Incomparable(String),
    /// Another process is verifying the index.
    #[error("the search index is already being verified; try again when that has finished")]
    VerificationInProgress,
    /// The search library panicked.
    #[error("the search library panicked")]
    Panicked,
}
