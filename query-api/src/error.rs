//! The errors of queries: infrastructure errors, and rejected requests. Only the endpoint error at
//! the bottom combines the two.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http_edge::Problem;
use search::index::IndexError;

/// The `Retry-After` of a response to an infrastructure error.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// An infrastructure error of a query. The caller is never at fault.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
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
    #[error("{value} cannot be read: {reason}")]
    Corrupt {
        /// The value that cannot be read.
        value: &'static str,
        /// Why it cannot be read.
        reason: String,
    },
}

impl QueryError {
    /// Converts the error to a `503` problem. The details are logged and not sent to the client.
    pub fn to_problem(&self) -> Problem {
        match self {
            // Not for every query: the watermark's log of outages says when they begin and end.
            Self::Database(error) if is_outage(error) => {
                tracing::debug!(%error, "A query failed.");
            }
            // The reader of the index says once that there is none yet.
            Self::NoIndex => tracing::debug!(error = %self, "A query failed."),
            _ => tracing::error!(error = %self, "A query failed."),
        }
        match self {
            Self::NoIndex | Self::IndexBehind | Self::Index(_) | Self::IndexPanicked => {
                Problem::unavailable(
                    "search_unavailable",
                    "The search index is being built; everything else is available.",
                    RETRY_AFTER,
                )
            }
            Self::Database(_) | Self::Corrupt { .. } => Problem::unavailable(
                "unavailable",
                "The database is temporarily unavailable.",
                RETRY_AFTER,
            ),
        }
    }
}

/// Whether Postgres is unavailable or overloaded, in contrast to a statement that is wrong.
fn is_outage(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            // 08: connection. 53: resources. 57: operator intervention, also a timeout.
            ["08", "53", "57"]
                .iter()
                .any(|class| code.starts_with(class))
        }
        _ => false,
    }
}

/// Why an endpoint returns no result.
#[derive(Debug)]
pub enum EndpointError {
    /// The request is invalid, or the caller may not know the result.
    Rejected(Problem),
    /// An infrastructure error.
    Internal(QueryError),
}

impl From<Problem> for EndpointError {
    fn from(problem: Problem) -> Self {
        Self::Rejected(problem)
    }
}

impl From<QueryError> for EndpointError {
    fn from(error: QueryError) -> Self {
        Self::Internal(error)
    }
}

impl From<sqlx::Error> for EndpointError {
    fn from(error: sqlx::Error) -> Self {
        Self::Internal(QueryError::Database(error))
    }
}

impl EndpointError {
    /// The problem that says so to the client.
    pub fn into_problem(self) -> Problem {
        match self {
            Self::Rejected(problem) => problem,
            Self::Internal(error) => error.to_problem(),
        }
    }
}

impl IntoResponse for EndpointError {
    fn into_response(self) -> Response {
        self.into_problem().into_response()
    }
}
