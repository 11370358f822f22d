//! Why a command failed: a domain rule rejected it, or the event log failed. Only this module maps
//! these errors to HTTP statuses.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use domain::refusal::{RefusalKind, Refusal};
use event_log::LogError;
use http::StatusCode;
use http_edge::Problem;

/// The `Retry-After` of every retryable error.
const RETRY: Duration = Duration::from_secs(1);

/// The error of a command that was not executed.
#[derive(Debug)]
pub(crate) enum No {
    /// A domain rule rejected the command.
    Refused(Refusal),
    /// The idempotency key was used for a different request.
    Mismatch,
    /// A path segment, or a field of a batch line, is malformed: the field and what was expected.
    Malformed(&'static str, &'static str),
    /// Every attempt conflicted with a concurrent change.
    Busy,
    /// The event log failed.
    Failed(LogError),
}

impl No {
    /// The stable problem code in snake_case, which is part of the API.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code,
            Self::Mismatch => "idempotency_mismatch",
            Self::Malformed(..) => "malformed",
            Self::Busy => "busy",
            Self::Failed(LogError::Corrupt(_)) => "internal",
            Self::Failed(_) => "unavailable",
        }
    }
}

impl From<Refusal> for No {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<LogError> for No {
    fn from(error: LogError) -> Self {
        Self::Failed(error)
    }
}

impl From<No> for Problem {
    fn from(error: No) -> Self {
        let code = error.code();
        match error {
            No::Refused(refusal) => refused(refusal),
            No::Mismatch => {
                Problem::conflict(code, "This key was already used for a different request.")
            }
            No::Malformed(field, message) => Problem::malformed(field, message),
            No::Busy => {
                Problem::unavailable(code, "Too many concurrent changes; try again.", RETRY)
            }
            No::Failed(LogError::Corrupt(error)) => {
                tracing::error!(error, "a command failed because of the event log");
                Problem::internal()
            }
            No::Failed(error) => {
                tracing::warn!(%error, "a command failed because of the event log");
                Problem::unavailable(
                    code,
                    "The event log is temporarily unavailable; try again.",
                    RETRY,
                )
            }
        }
    }
}

fn refused(refusal: Refusal) -> Problem {
    let Refusal {
        kind,
        code,
        detail,
        field,
    } = refusal;
    let status = match kind {
        RefusalKind::NotFound => StatusCode::NOT_FOUND,
        RefusalKind::Forbidden => StatusCode::FORBIDDEN,
        RefusalKind::Conflict => StatusCode::CONFLICT,
        RefusalKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        RefusalKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
    };
    match field {
        Some(field) => Problem::new(status, code, detail.clone()).with_error(field, detail),
        None => Problem::new(status, code, detail),
    }
}

impl IntoResponse for No {
    fn into_response(self) -> Response {
        Problem::from(self).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_status() {
        let statuses = [
            (No::Refused(Refusal::not_found()), 404, "not_found"),
            (No::Refused(Refusal::forbidden("no")), 403, "forbidden"),
            (No::Refused(Refusal::blocked()), 403, "blocked"),
            (No::Refused(Refusal::conflict("taken")), 409, "conflict"),
            (
                No::Refused(Refusal::too_large("body", "64 KiB")),
                413,
                "too_large",
            ),
            (
                No::Refused(Refusal::invalid("title", "long")),
                422,
                "invalid",
            ),
            (
                No::Refused(Refusal::rule_violation("recall_window_passed", "late")),
                422,
                "recall_window_passed",
            ),
            (No::Mismatch, 409, "idempotency_mismatch"),
            (No::Malformed("seq", "odd"), 400, "malformed"),
            (No::Busy, 503, "busy"),
            (No::Failed(LogError::Closed), 503, "unavailable"),
            (
                No::Failed(LogError::Unavailable("away".into())),
                503,
                "unavailable",
            ),
            (No::Failed(LogError::Corrupt("odd".into())), 500, "internal"),
        ];
        for (error, status, code) in statuses {
            let problem = Problem::from(error);
            assert_eq!((problem.status().as_u16(), problem.code()), (status, code));
        }
    }

    #[test]
    fn the_invalid_field_is_named() {
        let problem = Problem::from(No::Refused(Refusal::invalid("title", "too long")));
        assert_eq!(problem.errors().len(), 1);
        assert_eq!(problem.errors()[0].field, "title");
    }

    #[test]
    fn a_failure_has_retry_after_and_hides_internals() {
        let error = No::Failed(LogError::Unavailable("password for tidings@10.0.0.1".into()));
        let response = error.into_response();
        assert!(response.headers().contains_key(http::header::RETRY_AFTER));
        let problem = Problem::from(No::Failed(LogError::Unavailable("10.0.0.1".into())));
        assert!(!problem.detail().contains("10.0.0.1"));
    }
}
