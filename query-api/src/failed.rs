//! Why a query was not answered: it was refused, or something is away. The two meet only here, at
//! the edge.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http_edge::Problem;

/// When to try again after the database did not answer.
const RETRY: Duration = Duration::from_secs(1);

/// Something that a query needs did not work. Nothing of it is the caller's fault.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// Postgres is away, too slow, or has no connection to spare.
    #[error("the database did not answer: {0}")]
    Database(#[from] sqlx::Error),
    /// A row of the read model is not what the projector writes.
    #[error("{what} cannot be read: {reason}")]
    Corrupt {
        /// Which value.
        what: &'static str,
        /// What was wrong.
        reason: String,
    },
}

impl Failed {
    /// `503 unavailable` for every failure: what is broken is told to the log, not to the client.
    pub fn problem(&self) -> Problem {
        tracing::error!(error = %self, "a query failed");
        Problem::unavailable("unavailable", "The read model does not answer now.", RETRY)
    }
}

/// A query without an answer.
#[derive(Debug)]
pub enum Unanswered {
    /// The request was at fault, or asks for what the caller may not know.
    Refused(Problem),
    /// The service was at fault.
    Failed(Failed),
}

impl From<Problem> for Unanswered {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

impl From<Failed> for Unanswered {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed)
    }
}

impl From<sqlx::Error> for Unanswered {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(Failed::Database(error))
    }
}

impl IntoResponse for Unanswered {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(problem) => problem.into_response(),
            Self::Failed(failed) => failed.problem().into_response(),
        }
    }
}
