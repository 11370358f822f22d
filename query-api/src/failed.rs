//! Why a query was not answered: it was refused, or something is away. The two meet only here, at
//! the edge.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http_edge::Problem;
use search::index::IndexError;

/// When to try again after the database did not answer.
const RETRY: Duration = Duration::from_secs(1);

/// Something that a query needs did not work. Nothing of it is the caller's fault.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// Postgres is away, too slow, or has no connection to spare.
    #[error("the database did not answer: {0}")]
    Database(#[from] sqlx::Error),
    /// There is no search index of this log: it is being built.
    #[error("there is no search index yet")]
    NoIndex,
    /// The search index is so far behind that it would show what was.
    #[error("the search index is far behind the read models")]
    IndexBehind,
    /// The search index cannot be read.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The search index is damaged in a way that its library does not expect.
    #[error("the search index's library panicked")]
    IndexPanicked,
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
    /// `503` for every failure: what is broken is told to the log, not to the client.
    pub fn problem(&self) -> Problem {
        tracing::error!(error = %self, "a query failed");
        match self {
            Self::NoIndex | Self::IndexBehind | Self::Index(_) | Self::IndexPanicked => {
                Problem::unavailable(
                    "search_unavailable",
                    "The search index is being built; everything else works.",
                    RETRY,
                )
            }
            Self::Database(_) | Self::Corrupt { .. } => {
                Problem::unavailable("unavailable", "The read model does not answer now.", RETRY)
            }
        }
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
