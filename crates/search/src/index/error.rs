//! Why an operation on the index failed.

/// A failure of the index.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The index is missing, cannot be read or written, or has another schema.
    #[error("the search index: {0}")]
    Tantivy(#[from] tantivy::TantivyError),
    /// A file of the index cannot be read or written.
    #[error("the search index: {0}")]
    Io(#[from] std::io::Error),
    /// The last commit has no valid checkpoint; the value is its payload.
    #[error("the search index has no valid checkpoint: {0:?}")]
    NoCheckpoint(Option<String>),
    /// These files are missing or do not match their checksums.
    #[error("the search index is damaged: {0:?}")]
    Corrupted(Vec<std::path::PathBuf>),
}
