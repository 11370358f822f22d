//! The errors of queries: infrastructure errors, and rejected requests. Only the endpoint error at
//! the bottom combines the two.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http_edge::Problem;
use search::index::IndexError;

/// The `Retry-After` of a response to an infrastructure error.
const RETRY: Duration = Duration::from_secs(1);

/// An infrastructure error of a query. The caller is never at fault.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// Postgres is unavailable, too slow, or has no free connection.
    #[error("the database query failed: {0}")]
    Database(#[from] sqlx::Error),
    /// There is no search index of this log; it is being built.
    #[error("there is no search index yet")]
    NoIndex,
    /// The search index is so far behind that its results would be outdated.
    #[error("the search index is too far behind the read model")]
    IndexBehind,
    /// The search index cannot be read.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The search library panicked, because the index is damaged in a way that it does not expect.
    #[error("the search library panicked")]
    IndexPanicked,
    /// A row of the read model is not as the projector writes it.
    #[error("{what} cannot be read: {reason}")]
    Corrupt {
        /// The value that cannot be read.
        what: &'static str,
        /// Why it cannot be read.
        reason: String,
    },
}

impl Failed {
    /// Converts the error to a `503` problem. The details are logged and not sent to the client.
    pub fn problem(&self) -> Problem {
        tracing::error!(error = %self, "A query failed.");
        match self {
            Self::NoIndex | Self::IndexBehind | Self::Index(_) | Self::IndexPanicked => {
                Problem::unavailable(
                    "search_unavailable",
                    "The search index is being built; everything else is available.",
                    RETRY,
                )
            }
            Self::Database(_) | Self::Corrupt { .. } => Problem::unavailable(
                "unavailable",
                "The database is temporarily unavailable.",
                RETRY,
            ),
        }
    }
}

/// Why an endpoint returns no result.
#[derive(Debug)]
pub enum Unanswered {
    /// The request is invalid, or the caller may not know the result.
    Refused(Problem),
    /// An infrastructure error.
    Failed(Failed),
}

impl From<Problem> for Unanswered {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

impl From<Failed> for Unanswered {
    fn from(error: Failed) -> Self {
        Self::Failed(error)
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
            Self::Failed(error) => error.problem().into_response(),
        }
    }
}
