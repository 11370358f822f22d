//! How a command does not happen: a rule said no, or a machine did not do its part. Here, and only
//! here, each becomes a status.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use domain::refusal::{Kind, Refusal};
use event_log::Failed;
use http::StatusCode;
use http_edge::Problem;

/// When to come back if nothing better is known.
const RETRY: Duration = Duration::from_secs(1);

/// Why a command was not carried out.
#[derive(Debug)]
pub(crate) enum No {
    /// A rule said no.
    Refused(Refusal),
    /// The key was used for something else.
    Mismatch,
    /// A part of the path, or of a batch's line, cannot be read.
    Malformed(&'static str, &'static str),
    /// Others were faster, too many times.
    Busy,
    /// A machine did not do its part.
    Failed(Failed),
}

impl No {
    /// Stable, snake_case, part of the contract.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code,
            Self::Mismatch => "idempotency_mismatch",
            Self::Malformed(..) => "malformed",
            Self::Busy => "busy",
            Self::Failed(Failed::Corrupt(_)) => "internal",
            Self::Failed(_) => "unavailable",
        }
    }
}

impl From<Refusal> for No {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Failed> for No {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed)
    }
}

impl From<No> for Problem {
    fn from(no: No) -> Self {
        let code = no.code();
        match no {
            No::Refused(refusal) => refused(refusal),
            No::Mismatch => Problem::conflict(code, "This key was used for another request."),
            No::Malformed(field, message) => Problem::malformed(field, message),
            No::Busy => {
                Problem::unavailable(code, "Too many others are changing this; try again.", RETRY)
            }
            No::Failed(Failed::Corrupt(error)) => {
                tracing::error!(error, "a command failed");
                Problem::internal()
            }
            No::Failed(failed) => {
                tracing::warn!(error = %failed, "a command failed");
                Problem::unavailable(code, "The log is not available now; try again.", RETRY)
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
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
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
                No::Refused(Refusal::rule("recall_window_passed", "late")),
                422,
                "recall_window_passed",
            ),
            (No::Mismatch, 409, "idempotency_mismatch"),
            (No::Malformed("seq", "what"), 400, "malformed"),
            (No::Busy, 503, "busy"),
            (No::Failed(Failed::Closed), 503, "unavailable"),
            (
                No::Failed(Failed::Unavailable("away".into())),
                503,
                "unavailable",
            ),
            (No::Failed(Failed::Corrupt("odd".into())), 500, "internal"),
        ];
        for (no, status, code) in statuses {
            let problem = Problem::from(no);
            assert_eq!((problem.status().as_u16(), problem.code()), (status, code));
        }
    }

    #[test]
    fn a_field_is_named() {
        let problem = Problem::from(No::Refused(Refusal::invalid("title", "too long")));
        assert_eq!(problem.errors().len(), 1);
        assert_eq!(problem.errors()[0].field, "title");
    }

    #[test]
    fn a_failure_tells_when_to_come_back_and_nothing_of_the_machine() {
        let no = No::Failed(Failed::Unavailable("password for tidings@10.0.0.1".into()));
        let response = no.into_response();
        assert!(response.headers().contains_key(http::header::RETRY_AFTER));
        let problem = Problem::from(No::Failed(Failed::Unavailable("10.0.0.1".into())));
        assert!(!problem.detail().contains("10.0.0.1"));
    }
}
