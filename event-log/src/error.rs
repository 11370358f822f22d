//! Infrastructure errors of the log. Domain rejections are [`Refusal`](domain::refusal::Refusal)s.

/// An infrastructure error of the log.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LogError {
    /// Postgres is unavailable or too slow. Retry later.
    #[error("the log is unavailable: {0}")]
    Unavailable(String),
    /// The log contains data that this version cannot read.
    #[error("the log contains data that this version cannot read: {0}")]
    Corrupt(String),
    /// The settings of the Postgres server could lose acknowledged events.
    #[error("this Postgres server could lose acknowledged events: {0}")]
    UnsafeSettings(String),
    /// The log has been shut down.
    #[error("the log has been shut down")]
    Closed,
}

impl From<sqlx::Error> for LogError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
                Self::Corrupt(error.to_string())
            }
            _ => Self::Unavailable(error.to_string()),
        }
    }
}
