//! The errors that end a worker.

use event_stream::lineage::SourceError;

/// The reason why a webhook's worker ended. The supervisor restarts it.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// A database error.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    /// The events cannot be read on.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// An operator changed the webhook, or it was switched off because its receiver is gone.
    #[error("the webhook was changed")]
    Superseded,
    /// An event cannot be serialized as JSON.
    #[error("an event cannot be serialized: {0}")]
    Serialization(#[from] serde_json::Error),
}
