//! A failure: a machine did not do its part. Not to be confused with a refusal, which is a rule's no.

/// Why the log could not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failed {
    /// Postgres is away, or answers too late. Trying again later is right.
    #[error("the log is not available: {0}")]
    Unavailable(String),
    /// An event that was stored cannot be read by this program.
    #[error("the log holds what this program cannot read: {0}")]
    Corrupt(String),
    /// The server is set up in a way that would lose acknowledged events.
    #[error("this Postgres would lose acknowledged events: {0}")]
    Unsafe(String),
    /// The log was shut down.
    #[error("the log is shut down")]
    Closed,
}

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
                Self::Corrupt(error.to_string())
            }
            _ => Self::Unavailable(error.to_string()),
        }
    }
}
