//! Why a command failed: a domain rule rejected it, or the event log failed. Only this module maps
//! these errors to HTTP statuses.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use domain::deployment::feature::Feature;
use domain::refusal::{Refusal, RefusalKind};
use event_log::LogError;
use http::StatusCode;
use http_edge::Problem;

/// The `Retry-After` of every retryable error.
const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(1);

/// The error of a command that was not executed.
#[derive(Debug)]
pub(crate) enum CommandError {
    /// A domain rule rejected the command.
    Rejected(Refusal),
    /// The idempotency key was used for a different request.
    IdempotencyMismatch,
    /// A path segment, or a field of a batch line, names nothing that a command could act on.
    BadRequest(Problem),
    /// An administrator has switched the feature off.
    SwitchedOff {
        /// The feature.
        feature: Feature,
        /// How long the client should wait.
        retry_after: Duration,
    },
    /// Every attempt conflicted with a concurrent change.
    Contention,
    /// The event log failed.
    Log(LogError),
}

impl CommandError {
    /// The stable problem code in snake_case, which is part of the API.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Rejected(refusal) => refusal.code,
            Self::IdempotencyMismatch => "idempotency_mismatch",
            Self::BadRequest(problem) => problem.code(),
            Self::SwitchedOff { .. } => "switched_off",
            Self::Contention => "busy",
            Self::Log(LogError::Corrupt(_)) => "internal",
            Self::Log(_) => "unavailable",
        }
    }
}

impl From<Refusal> for CommandError {
    fn from(refusal: Refusal) -> Self {
        Self::Rejected(refusal)
    }
}

impl From<LogError> for CommandError {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        let code = error.code();
        match error {
            CommandError::Rejected(refusal) => problem_from_refusal(refusal),
            CommandError::IdempotencyMismatch => {
                Problem::conflict(code, "This key was already used for a different request.")
            }
            CommandError::BadRequest(problem) => problem,
            CommandError::SwitchedOff {
                feature,
                retry_after,
            } => Problem::switched_off(feature.as_str(), retry_after),
            CommandError::Contention => Problem::unavailable(
                code,
                "Too many concurrent changes; try again.",
                DEFAULT_RETRY_AFTER,
            ),
            CommandError::Log(LogError::Corrupt(error)) => {
                tracing::error!(error, "a command failed because of the event log");
                Problem::internal()
            }
            CommandError::Log(error) => {
                // Not for every command: the log of outages says when they begin and end.
                tracing::debug!(%error, "a command failed because of the event log");
                Problem::unavailable(
                    code,
                    "The event log is temporarily unavailable; try again.",
                    DEFAULT_RETRY_AFTER,
                )
            }
        }
    }
}

fn problem_from_refusal(refusal: Refusal) -> Problem {
    let Refusal {
        kind,
        code,
        detail,
        field,
    } = refusal;
    let status = match kind {
        RefusalKind::NotFound => StatusCode::NOT_FOUND,
        RefusalKind::Forbidden | RefusalKind::Sanctioned { .. } => StatusCode::FORBIDDEN,
        RefusalKind::Conflict => StatusCode::CONFLICT,
        RefusalKind::Gone => StatusCode::GONE,
        RefusalKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        RefusalKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        RefusalKind::TooSoon(wait) => {
            return Problem::new(StatusCode::TOO_MANY_REQUESTS, code, detail)
                .with_retry_after(wait);
        }
    };
    let problem = match field {
        Some(field) => Problem::new(status, code, detail.clone()).with_field_error(field, detail),
        None => Problem::new(status, code, detail),
    };
    match kind {
        // Null, if only somebody can lift it.
        RefusalKind::Sanctioned { until } => {
            problem.with_member("until", until.map(|until| until.to_string()))
        }
        _ => problem,
    }
}

impl IntoResponse for CommandError {
    fn into_response(self) -> Response {
        Problem::from(self).into_response()
    }
}

#[cfg(test)]
mod tests {
    use domain::history::CursorReference;
    use serde_json::json;

    use super::*;

    fn assert_statuses(errors: impl IntoIterator<Item = (CommandError, u16, &'static str)>) {
        for (error, status, code) in errors {
            let problem = Problem::from(error);
            assert_eq!((problem.status().as_u16(), problem.code()), (status, code));
        }
    }

    #[test]
    fn each_kind_of_refusal_has_its_status() {
        assert_statuses([
            (
                CommandError::Rejected(Refusal::not_found()),
                404,
                "not_found",
            ),
            (
                CommandError::Rejected(Refusal::forbidden("no")),
                403,
                "forbidden",
            ),
            (CommandError::Rejected(Refusal::blocked()), 403, "blocked"),
            (
                CommandError::Rejected(Refusal::conflict("taken")),
                409,
                "conflict",
            ),
            (
                CommandError::Rejected(Refusal::too_large("body", "64 KiB")),
                413,
                "too_large",
            ),
            (
                CommandError::Rejected(Refusal::invalid("title", "long")),
                422,
                "invalid",
            ),
            (
                CommandError::Rejected(Refusal::rule_violation("recall_window_passed", "late")),
                422,
                "recall_window_passed",
            ),
            (
                CommandError::Rejected(Refusal::foreign_cursor(CursorReference::bare(7))),
                410,
                "cursor_expired",
            ),
        ]);
    }

    #[test]
    fn each_kind_of_failure_has_its_status() {
        assert_statuses([
            (
                CommandError::IdempotencyMismatch,
                409,
                "idempotency_mismatch",
            ),
            (
                CommandError::BadRequest(Problem::malformed("seq", "odd")),
                400,
                "malformed",
            ),
            (
                CommandError::SwitchedOff {
                    feature: Feature::Edits,
                    retry_after: Duration::from_secs(60),
                },
                503,
                "switched_off",
            ),
            (CommandError::Contention, 503, "busy"),
            (CommandError::Log(LogError::Closed), 503, "unavailable"),
            (
                CommandError::Log(LogError::Unavailable("away".into())),
                503,
                "unavailable",
            ),
            (
                CommandError::Log(LogError::Corrupt("odd".into())),
                500,
                "internal",
            ),
        ]);
    }

    #[test]
    fn a_sanction_says_when_it_ends_and_slow_mode_how_long_to_wait() {
        let until = domain::time::Timestamp::from_millis(0);
        for (until, shown) in [
            (Some(until), json!("1970-01-01T00:00:00.000Z")),
            (None, json!(null)),
        ] {
            let silenced = Refusal::sanctioned("silenced", "no", until);
            let problem = Problem::from(CommandError::Rejected(silenced));
            let json = serde_json::to_value(&problem).expect("JSON");
            assert_eq!(json["status"], 403);
            assert_eq!(json.get("until"), Some(&shown));
        }
        let slow = Refusal::slow_mode(Duration::from_millis(1_200), "wait");
        let problem = Problem::from(CommandError::Rejected(slow));
        assert_eq!(
            (problem.status().as_u16(), problem.code()),
            (429, "slow_mode")
        );
        assert_eq!(problem.retry_after_seconds(), Some(2));
    }

    #[test]
    fn the_invalid_field_is_named() {
        let problem = Problem::from(CommandError::Rejected(Refusal::invalid(
            "title", "too long",
        )));
        assert_eq!(problem.errors().len(), 1);
        assert_eq!(problem.errors()[0].field, "title");
    }

    #[test]
    fn a_failure_has_retry_after_and_hides_internals() {
        let error = CommandError::Log(LogError::Unavailable(
            "password for tidings@10.0.0.1".into(),
        ));
        let response = error.into_response();
        assert!(response.headers().contains_key(http::header::RETRY_AFTER));
        let problem = Problem::from(CommandError::Log(LogError::Unavailable("10.0.0.1".into())));
        assert!(!problem.detail().contains("10.0.0.1"));
    }
}
