//! Work for the blocking thread pool.

use super::error::IndexingError;

/// Runs work that waits for the disk or computes for long on the blocking thread pool.
pub(super) async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, IndexingError> + Send + 'static,
) -> Result<T, IndexingError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| IndexingError::Panicked)?
}
