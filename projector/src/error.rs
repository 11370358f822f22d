//! What can go wrong. All of it is a machine's failure: an event that cannot be folded is parked
//! and is no error.

/// Why a step did not happen. Nothing of it was written.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// The events do not go on where the read model is. Hand over those from `expected` on.
    #[error("event {expected} is next, but {given} was given")]
    Gap {
        /// The next position.
        expected: i64,
        /// The first position that was given.
        given: i64,
    },
    /// Another projector or a rebuild has moved the read model. The next step looks again.
    #[error("the read model was moved by somebody else")]
    Fenced,
    /// The read model has folded more events than the log has: the log was restored from an older
    /// backup. Only a rebuild helps.
    #[error("the read model is at {position}, the log ends at {head}: rebuild the read model")]
    Ahead {
        /// Where the read model is.
        position: i64,
        /// The end of the log.
        head: i64,
    },
    /// The served read model does not come to where the rebuilt one is.
    #[error(
        "the served read model is behind position {position} and does not move: is a projector running?"
    )]
    Behind {
        /// Where the rebuilt one is.
        position: i64,
    },
    /// A row that this crate never writes.
    #[error("the read model is damaged, rebuild it: {0}")]
    Damaged(String),
    /// One rebuild at a time.
    #[error("a rebuild is under way already")]
    Rebuilding,
    /// Postgres is away or said no.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// Postgres did not answer in time.
    #[error("the database did not answer in time")]
    TimedOut,
}

impl ProjectError {
    /// A row that is there already was folded before: the tables are not what the checkpoint says.
    pub(crate) fn or_damage(self) -> Self {
        match &self {
            Self::Database(sqlx::Error::Database(error)) if error.is_unique_violation() => {
                Self::Damaged(error.to_string())
            }
            _ => self,
        }
    }

    /// Whether the data was refused, so that it would be refused again: a value out of range, a
    /// constraint, a row too large for an index. Everything else may pass by itself.
    pub(crate) fn is_about_data(&self) -> bool {
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
