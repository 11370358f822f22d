//! Why an export of the data of a user fails.

use file_store::StoreError;

/// Why an export is incomplete.
#[derive(Debug, thiserror::Error)]
pub enum UserExportError {
    /// Postgres is unavailable.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The output cannot be written.
    #[error("cannot write: {0}")]
    Write(#[from] std::io::Error),
    /// The bytes of a file cannot be read.
    #[error("the file {0} cannot be read: {1}")]
    File(String, StoreError),
}
