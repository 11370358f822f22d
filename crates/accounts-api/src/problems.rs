//! The problems of these routes.

use std::collections::BTreeMap;
use std::time::Duration;

use accounts::{HashingError, TooManyAttemptsError};
use http::StatusCode;
use http_edge::Problem;
use http_edge::schema::problem_responses::responses_with;
use utoipa::IntoResponses;
use utoipa::openapi::{RefOr, Response};

/// The `Retry-After` of what can succeed soon.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The database does not answer.
pub(super) fn database_away(error: &sqlx::Error) -> Problem {
    tracing::debug!(%error, "an account could not be read or written");
    Problem::unavailable(
        "unavailable",
        "The database is temporarily unavailable.",
        RETRY_AFTER,
    )
}

/// A password was not hashed.
pub(super) fn not_hashed(error: &HashingError) -> Problem {
    match error {
        HashingError::Overloaded => Problem::unavailable(
            "overloaded",
            "Too many passwords are being compared; try again.",
            RETRY_AFTER,
        ),
        HashingError::Failed(reason) => {
            tracing::error!(reason, "a password could not be hashed");
            Problem::internal()
        }
    }
}

/// Too many passwords were wrong.
pub(super) fn too_many_attempts(error: TooManyAttemptsError) -> Problem {
    Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "rate_limited",
        "Too many wrong passwords for this user or from this address; try again later.",
    )
    .with_retry_after(error.retry_after)
}

/// Too many setup codes were wrong.
pub(super) fn too_many_codes(error: TooManyAttemptsError) -> Problem {
    Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "rate_limited",
        "Too many wrong setup codes from this address; try again later.",
    )
    .with_retry_after(error.retry_after)
}

/// The setup code opens nothing.
pub(super) fn invalid_setup_code() -> Problem {
    Problem::forbidden_with_code(
        "setup_code",
        "The setup code is wrong or has expired; `tidings up` prints a new one when it starts.",
    )
}

/// The place has an owner.
pub(super) fn has_owner() -> Problem {
    Problem::conflict(
        "conflict",
        "This place is set up already; sign in, or ask its owner for an invite.",
    )
}

/// Nobody could administer the place.
pub(super) fn last_administrator() -> Problem {
    Problem::conflict(
        "last_administrator",
        "This is the last account with the scope `admin`; give the scope to another one first.",
    )
}

/// The user id belongs to somebody.
pub(super) fn user_id_taken() -> Problem {
    Problem::conflict(
        "conflict",
        "This user id is taken or has been used before; choose another one.",
    )
}

/// An account needs an invite that is neither used nor expired.
pub(super) fn invite_required() -> Problem {
    Problem::forbidden_with_code(
        "invite_required",
        "An account needs an invite that is neither used nor expired; an administrator can issue \
         one.",
    )
}

/// It is not known yet which user ids the log has.
pub(super) fn projection_behind() -> Problem {
    Problem::unavailable(
        "projection_behind",
        "The read model has not reached the head of the log, so it is unknown which user ids have \
         been used; try again.",
        RETRY_AFTER,
    )
}

/// The problems that any of these routes can return.
pub(super) struct AccountProblems;

impl IntoResponses for AccountProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        responses_with(&[
            StatusCode::BAD_REQUEST,
            StatusCode::PAYLOAD_TOO_LARGE,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            StatusCode::SERVICE_UNAVAILABLE,
        ])
    }
}

/// The problems of the routes for administrators besides those.
pub(super) struct IssuerProblems;

impl IntoResponses for IssuerProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses = AccountProblems::responses();
        responses.extend(responses_with(&[
            StatusCode::UNAUTHORIZED,
            StatusCode::FORBIDDEN,
            StatusCode::UNPROCESSABLE_ENTITY,
            StatusCode::TOO_MANY_REQUESTS,
        ]));
        responses
    }
}
