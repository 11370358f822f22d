//! How a worker ends.

/// Why a webhook's worker cannot go on. It is started again.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The database does not do what it should.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    /// An operator has changed the webhook.
    #[error("the webhook was changed")]
    Changed,
    /// An event cannot be written as JSON.
    #[error("an event cannot be written: {0}")]
    Unwritable(#[from] serde_json::Error),
}
