//! The search index: the third reader of the log, with a checkpoint of its own.
//!
//! The log says which messages have changed, the read models what they are now, and numbers users and
//! conversations. A commit has all messages up to a position, and that position, or nothing.
//!
//! - `rows`: messages as they are now, from the read models.
//! - `leftover`, `fill`: a new index of all of them, as fast as it goes, or the rest of one that was broken off, or what
//!   one that was kept has not.
//! - `building`: the same while another one serves.
//! - `fit`: whether an index is of this log and goes on from where it is.
//! - `open`: an index that follows the log.
//! - `built`, `told`: how a new one compares with the one that was served.
//! - [`Indexer`]: a step at a time: what has changed, damage, rebuilds.
//! - [`run_indexer`]: the loop around it. [`rebuild_index`], [`verify_index`]: for operators.

mod building;
mod built;
mod fill;
mod fit;
mod indexer;
mod leftover;
mod live;
mod open;
mod rebuild;
mod rows;
mod told;
mod verify;

pub use built::{Built, DifferingMessage, IndexComparison};
pub use indexer::{Indexed, Indexer, Watch};
pub use live::run_indexer;
pub use rebuild::{IndexProgress, Start, rebuild_index};
pub use verify::verify_index;

use search::index::IndexError;

/// Why the index did not get further. All of it may pass, or is repaired by a step to come.
#[derive(Debug, thiserror::Error)]
pub enum IndexingError {
    /// The index itself.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// Its directory.
    #[error("the directory of the search index: {0}")]
    Io(#[from] std::io::Error),
    /// Postgres is away or said no.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The index is not one of this log, or of another numbering, or ahead of both.
    #[error("the search index {0}")]
    Unfit(&'static str),
    /// There is no index that could be compared.
    #[error("the search index cannot be compared: {0}")]
    Incomparable(String),
    /// Somebody else is at it.
    #[error("the search index is being verified already: wait until that is done")]
    Verifying,
    /// The library stopped in the middle of something.
    #[error("the search index's library panicked")]
    Panicked,
}

/// Runs what waits for the disk, or computes for long, beside the runtime.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, IndexingError> + Send + 'static,
) -> Result<T, IndexingError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| IndexingError::Panicked)?
}
