//! Maintains the search index, which follows the log with its own checkpoint.
//!
//! The log says which messages have changed. The read model provides their current content and the
//! ids of users and conversations. A commit is atomic: it contains all changes up to a position,
//! together with that position.
//!
//! - `messages`: loads the current content of messages from the read model.
//! - `resume`, `fill`: fill a new index with all messages, or complete an interrupted or kept
//!   build.
//! - `build`: runs a build while another index is served.
//! - `compatibility`: checks that an index belongs to this log and can continue from its position.
//! - `writable_index`: an open index that follows the log.
//! - `report`, `report_file`: the result of a build, and how it compares with the index that was
//!   served.
//! - [`Indexer`]: one step at a time: indexes changes, detects corruption, runs rebuilds.
//! - [`run_indexer`]: the loop around the step.
//! - [`rebuild_index`], [`verify_index`]: the operator's commands.

mod build;
mod compatibility;
mod fill;
mod indexer;
mod messages;
mod rebuild;
mod report;
mod report_file;
mod resume;
mod run;
mod verify;
mod writable_index;

pub use indexer::{Indexer, IndexingOutcome, IntegrityChecks};
pub use rebuild::{IndexProgress, RebuildStart, rebuild_index};
pub use report::{BuildReport, DifferingMessage, IndexComparison};
pub use run::run_indexer;
pub use verify::verify_index;

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

/// Runs work that waits for the disk or computes for long on the blocking thread pool.
async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, IndexingError> + Send + 'static,
) -> Result<T, IndexingError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| IndexingError::Panicked)?
}
