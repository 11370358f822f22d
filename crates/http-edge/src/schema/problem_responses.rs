//! The responses with a problem. Each is one component of the document, with an example, and the
//! operations refer to it.

use std::collections::BTreeMap;
use std::time::Duration;

use http::StatusCode;
use serde_json::Value;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

use crate::problem::{PROBLEM_JSON, Problem};

/// A response that operations share.
struct SharedResponse {
    status: StatusCode,
    name: &'static str,
    /// What it means, with the codes that it can have.
    description: &'static str,
    example: Problem,
}

/// The references to the responses with these statuses.
pub fn responses_with(statuses: &[StatusCode]) -> BTreeMap<String, RefOr<Response>> {
    let chosen = shared_responses().filter(|response| statuses.contains(&response.status));
    chosen
        .map(|response| {
            let reference = Ref::from_response_name(response.name);
            (response.status.as_str().to_owned(), RefOr::Ref(reference))
        })
        .collect()
}

/// The responses, by their names.
pub(super) fn components() -> impl Iterator<Item = (&'static str, Response)> {
    shared_responses().map(|shared| (shared.name, shared.into_response()))
}

impl SharedResponse {
    fn new(
        status: StatusCode,
        name: &'static str,
        example: Problem,
        description: &'static str,
    ) -> Self {
        Self {
            status,
            name,
            description,
            example,
        }
    }

    fn into_response(self) -> Response {
        let content = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name("Problem")))
            // A problem always serialises.
            .example(Some(
                serde_json::to_value(&self.example).unwrap_or(Value::Null),
            ));
        let response = ResponseBuilder::new()
            .description(self.description)
            .content(PROBLEM_JSON, content.build());
        if self.example.retry_after_seconds().is_none() {
            return response.build();
        }
        let seconds = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(1));
        let header = HeaderBuilder::new()
            .schema(Some(seconds))
            .description(Some("After how many seconds to try again."));
        response.header("Retry-After", header.build()).build()
    }
}

fn shared_responses() -> impl Iterator<Item = SharedResponse> {
    unparsed_requests()
        .into_iter()
        .chain(refused_callers())
        .chain(refused_commands())
        .chain(unavailable())
}

/// The request itself is wrong.
fn unparsed_requests() -> [SharedResponse; 3] {
    [
        SharedResponse::new(
            StatusCode::BAD_REQUEST,
            "BadRequest",
            Problem::malformed("limit", "expected an integer from 1 to 200"),
            "The request cannot be parsed (`malformed`): invalid syntax or encoding, U+0000, or a \
             malformed or unknown parameter. `errors` names it.",
        ),
        SharedResponse::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "ContentTooLarge",
            Problem::from_status(StatusCode::PAYLOAD_TOO_LARGE),
            "The request exceeds a size limit (`too_large`); the detail says which.",
        ),
        SharedResponse::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UnsupportedMediaType",
            Problem::from_status(StatusCode::UNSUPPORTED_MEDIA_TYPE),
            "This operation does not take the media type of the request \
             (`unsupported_media_type`).",
        ),
    ]
}

/// The caller may not do this, or there is nothing to do it with.
fn refused_callers() -> [SharedResponse; 4] {
    [
        SharedResponse::new(
            StatusCode::UNAUTHORIZED,
            "Unauthorized",
            Problem::token_missing(),
            "There is no token (`token_missing`), it has expired (`token_expired`), or it is not \
             valid here (`token_invalid`); or a password is wrong (`wrong_password`).",
        ),
        SharedResponse::new(
            StatusCode::FORBIDDEN,
            "Forbidden",
            Problem::forbidden(),
            "The caller lacks the permission or the scope `admin` (`forbidden`), or the other user \
             has blocked the caller (`blocked`) or accepts only contacts (`not_a_contact`). The \
             policy of the conversation can forbid it (`read_only`, `frozen`), or a sanction \
             (`silenced`, `banned`, with `until` if it ends by itself).",
        ),
        SharedResponse::new(
            StatusCode::NOT_FOUND,
            "NotFound",
            Problem::not_found(),
            "It does not exist, or the caller cannot see it (`not_found`).",
        ),
        SharedResponse::new(
            StatusCode::GONE,
            "Gone",
            Problem::gone(
                "cursor_expired",
                "The cursor is older than the retained entries.",
            )
            .with_member("oldest", 41),
            "The cursor is older than the retained entries (`cursor_expired`, with `oldest`, the \
             oldest cursor that is still valid) or of another history (`cursor_expired`), or beyond \
             the head of the log (`cursor_ahead`, with `head`).",
        ),
    ]
}

/// The request violates a rule.
fn refused_commands() -> [SharedResponse; 2] {
    [
        SharedResponse::new(
            StatusCode::CONFLICT,
            "Conflict",
            Problem::conflict(
                "idempotency_mismatch",
                "This key was used for another request.",
            ),
            "The key was used for a different request (`idempotency_mismatch`), or the id is in \
             use (`conflict`).",
        ),
        SharedResponse::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "UnprocessableContent",
            Problem::invalid("body.text", "The text is empty."),
            "The request is well formed but violates a rule (`invalid`, or a code for the rule). \
             `errors` names the fields.",
        ),
    ]
}

/// The same request can succeed later.
fn unavailable() -> [SharedResponse; 3] {
    [
        SharedResponse::new(
            StatusCode::TOO_MANY_REQUESTS,
            "TooManyRequests",
            Problem::rate_limited(Duration::from_secs(1)),
            "Too many commands in a second (`rate_limited`), too many requests at a time \
             (`too_many_requests`), another message too soon (`slow_mode`), or too many live connections or frames (`too_many_live`, \
             `too_many_frames`) of this user.",
        ),
        SharedResponse::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "ServiceUnavailable",
            Problem::from_status(StatusCode::SERVICE_UNAVAILABLE),
            "Postgres is unavailable (`unavailable`), there were too many conflicting changes \
             (`busy`), the read model has not reached `min_position` in time (`projection_behind`), \
             the index is being built (`search_unavailable`), the file store does not answer \
             (`file_store_unavailable`, `preview_unavailable`), or the process is at a limit \
             (`overloaded`, `too_many_live`).",
        ),
        SharedResponse::new(
            StatusCode::INSUFFICIENT_STORAGE,
            "InsufficientStorage",
            Problem::new(
                StatusCode::INSUFFICIENT_STORAGE,
                "file_store_full",
                "The file store is full. What has arrived is kept; resume once there is room.",
            )
            .with_retry_after(Duration::from_secs(30)),
            "The file store has no room (`file_store_full`).",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_has_an_example_of_its_status() {
        for shared in shared_responses() {
            assert_eq!(shared.example.status(), shared.status);
            let code = format!("`{}`", shared.example.code());
            assert!(shared.description.contains(&code), "{code}");
        }
    }

    #[test]
    fn operations_refer_to_the_response_of_a_status() {
        let found = responses_with(&[StatusCode::GONE]);
        let json = serde_json::to_value(found).unwrap();
        let expected = serde_json::json!({"410": {"$ref": "#/components/responses/Gone"}});
        assert_eq!(json, expected);
    }
}
