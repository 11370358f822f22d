//! Why projecting failed. These are infrastructure errors: an event that cannot be folded is parked
//! and does not cause an error.

/// Why a step failed. The failed transaction wrote nothing.
#[derive(Debug, thiserror::Error)]
pub enum ProjectionError {
    /// The given events do not continue at the read model's position. Pass the events from
    /// `expected` on.
    #[error("expected event {expected} next, got event {given}")]
    Gap {
        /// The next position.
        expected: i64,
        /// The position of the first event that does not match.
        given: i64,
    },
    /// Another projector or a rebuild has advanced or replaced the read model. The next step
    /// reloads the checkpoint.
    #[error("another process has changed the read model")]
    Fenced,
    /// The read model is ahead of the log: the log was restored from an older backup. Rebuild the
    /// read model.
    #[error(
        "the read model is at position {position}, but the log ends at {head}: rebuild the read model"
    )]
    AheadOfLog {
        /// The position of the read model.
        position: i64,
        /// The end of the log.
        head: i64,
    },
    /// The log does not have the last event of the read model: the log was restored from a backup,
    /// or a failover lost the event. The read model is rebuilt.
    #[error("the read model belongs to another history than the log: {0}")]
    ForeignHistory(String),
    /// The served read model does not catch up with the rebuilt one.
    #[error(
        "the served read model does not catch up to position {position}: is a projector running?"
    )]
    ServedStalled {
        /// The position of the rebuilt read model.
        position: i64,
    },
    /// The tables contain a row that this crate would never write.
    #[error("the read model is corrupted and must be rebuilt: {0}")]
    Corrupted(String),
    /// Another rebuild is running. Only one can run at a time.
    #[error("a rebuild is already in progress")]
    RebuildInProgress,
    /// No rebuild has kept what it replaced, so there is nothing to restore.
    #[error("no rebuild has kept the data that it replaced; use `tidings rebuild --keep`")]
    NothingKept,
    /// Postgres is unreachable or returned an error.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// Postgres did not answer in time.
    #[error("the database did not answer in time")]
    TimedOut,
}

impl ProjectionError {
    /// Turns a unique violation into [`Self::Corrupted`]: the row was folded before, so the tables
    /// do not match the checkpoint.
    pub(crate) fn or_corruption(self) -> Self {
        match &self {
            Self::Database(sqlx::Error::Database(error)) if error.is_unique_violation() => {
                Self::Corrupted(error.to_string())
            }
            _ => self,
        }
    }

    /// Whether Postgres rejected the data, so that a retry would fail again: a value out of range,
    /// a violated constraint, a row too large for an index. All other errors may be transient.
    pub(crate) fn is_data_error(&self) -> bool {
        let Self::Database(sqlx::Error::Database(error)) = self else {
            return false;
        };
        let code = error.code();
        // 21 cardinality, 22 data, 23 integrity, 54 program limits.
        code.is_some_and(|code| {
            ["21", "22", "23", "54"]
                .iter()
                .any(|class| code.starts_with(class))
        })
    }
}
