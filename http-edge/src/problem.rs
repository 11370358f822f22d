//! The one shape of every refusal and failure: an RFC 9457 problem document.

use std::borrow::Cow;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

/// The media type of a problem document.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// A client that is told to wait without a better number waits this long.
const RETRY: Duration = Duration::from_secs(1);

/// What was wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Where: a path such as `members[2]` or `body.text`. Empty for the document as a whole.
    pub field: String,
    /// What was wrong, and what was expected.
    pub message: String,
}

/// Why a call was not done. Serialises as the problem document, so that it can also stand in a
/// line of a batch or in a WebSocket frame.
///
/// `type` is `urn:tidings:problem:<code>`; `code` is stable; `detail` is for people.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    retry_after: Option<Duration>,
    // Boxed because few problems have any and every `Result` carries the space.
    extra: Option<Box<Map<String, Value>>>,
}

/// The code of the problem that a response holds, for the access log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProblemCode(pub &'static str);

impl Problem {
    /// Any status with any code. The named constructors are to be preferred.
    pub fn new(
        status: StatusCode,
        code: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: None,
            extra: None,
        }
    }

    /// 400: it cannot be read.
    pub fn bad_request(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 400 `malformed`, with the parameter at fault.
    pub fn malformed(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::bad_request("malformed", "The request cannot be read.").with_error(field, message)
    }

    /// 401: always these words, whatever was wrong with the token.
    pub fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "A valid bearer token is needed.",
        )
    }

    /// 403 `forbidden`: the caller may know that it exists, but not do this.
    pub fn forbidden() -> Self {
        Self::refused("forbidden", "You do not have the right to do this.")
    }

    /// 403 with a code of its own (`blocked`).
    pub fn refused(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, detail)
    }

    /// 404: it does not exist, or the caller may not know that it does. Always the same words.
    pub fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "There is nothing here that you can see.",
        )
    }

    /// 405: the path exists, the method does not.
    pub fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "This path does not take this method; the Allow header names those it takes.",
        )
    }

    /// 409: it exists already, or the key was used for something else.
    pub fn conflict(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 410: the cursor is of no use any more.
    pub fn gone(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::GONE, code, detail)
    }

    /// 413 `too_large`; the detail names the limit.
    pub fn too_large(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
    }

    /// 415: not a media type that this call takes.
    pub fn unsupported_media_type(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            detail,
        )
    }

    /// 422 `invalid`: one field breaks a rule.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::unprocessable("invalid", message.clone()).with_error(field, message)
    }

    /// 422 with a code of its own (`recall_window_passed`), or with no field to name.
    pub fn unprocessable(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }

    /// 429 `rate_limited`: not before `retry` has passed.
    pub fn too_many(retry: Duration) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limited",
            "Too many commands in too short a time.",
        )
        .retry_after(retry)
    }

    /// 503: something that this call needs is away. Nothing is known to be done; try again.
    pub fn unavailable(
        code: &'static str,
        detail: impl Into<Cow<'static, str>>,
        retry: Duration,
    ) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail).retry_after(retry)
    }

    /// 503 `timeout`: it took too long. Whether a command was done is unknown; its key tells.
    pub fn timeout() -> Self {
        Self::unavailable(
            "timeout",
            "This took too long. Repeat it with the same key to learn whether it was done.",
            RETRY,
        )
    }

    /// 500: our fault. What happened stands in the log, under the request's id.
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong here. The X-Request-Id header names this call in our log.",
        )
    }

    /// The problem for a bare status, where somebody else answered without a document.
    pub fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::unauthorized(),
            StatusCode::FORBIDDEN => Self::forbidden(),
            StatusCode::NOT_FOUND => Self::not_found(),
            StatusCode::METHOD_NOT_ALLOWED => Self::method_not_allowed(),
            StatusCode::PAYLOAD_TOO_LARGE => Self::too_large("The body is too large."),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                Self::unsupported_media_type("This call does not take this media type.")
            }
            StatusCode::UPGRADE_REQUIRED => {
                Self::new(status, "upgrade_required", "This call opens a WebSocket.")
            }
            StatusCode::UNPROCESSABLE_ENTITY => {
                Self::unprocessable("invalid", "The request was understood and refused.")
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                Self::unavailable("unavailable", "The service is not available now.", RETRY)
            }
            status if status.is_server_error() => Self {
                status,
                ..Self::internal()
            },
            status => Self::new(status, "malformed", "The request cannot be read."),
        }
    }

    /// Adds an error about one field.
    #[must_use]
    pub fn with_error(mut self, field: impl Into<String>, message: impl Into<String>) -> Self {
        self.errors.push(FieldError {
            field: field.into(),
            message: message.into(),
        });
        self
    }

    /// Adds a member of its own, such as `oldest` of `cursor_expired`. The names of RFC 9457 and
    /// `code` and `errors` are taken.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.extra
            .get_or_insert_default()
            .insert(name.to_owned(), value.into());
        self
    }

    /// Says when to try again, in the `Retry-After` header, rounded up to whole seconds.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// When to try again, in whole seconds, if that was said.
    pub fn retry_after_seconds(&self) -> Option<u64> {
        self.retry_after.map(whole_seconds)
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The text for people.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The errors about fields.
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", &format_args!("urn:tidings:problem:{}", self.code))?;
        map.serialize_entry("title", self.status.canonical_reason().unwrap_or("Problem"))?;
        map.serialize_entry("status", &self.status.as_u16())?;
        map.serialize_entry("detail", &self.detail)?;
        map.serialize_entry("code", self.code)?;
        if !self.errors.is_empty() {
            map.serialize_entry("errors", &self.errors)?;
        }
        for (name, value) in self.extra.iter().flat_map(|extra| extra.iter()) {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // A map of strings and numbers always serialises.
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        response.extensions_mut().insert(ProblemCode(self.code));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some(wait) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Rounded up, and never 0: a client that is told 0 comes back at once.
pub(crate) fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

/// A problem document (RFC 9457). Some codes have further members.
#[derive(ToSchema)]
#[schema(as = Problem)]
#[expect(dead_code, reason = "it exists to describe the shape")]
struct Document {
    /// `urn:tidings:problem:<code>`.
    r#type: String,
    /// The status in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What was wrong, for people.
    detail: String,
    /// Stable, snake_case, for programs.
    code: String,
    /// The fields at fault, for bad input.
    #[schema(required = false)]
    errors: Vec<FieldError>,
}

impl PartialSchema for Problem {
    fn schema() -> RefOr<Schema> {
        Document::schema()
    }
}

impl ToSchema for Problem {
    fn name() -> Cow<'static, str> {
        "Problem".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Document::schemas(schemas);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_the_document_of_the_contract() {
        let problem = Problem::invalid("title", "at most 200 characters").with("oldest", 7);
        let json = serde_json::to_value(&problem).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "type": "urn:tidings:problem:invalid",
                "title": "Unprocessable Entity",
                "status": 422,
                "detail": "at most 200 characters",
                "code": "invalid",
                "errors": [{"field": "title", "message": "at most 200 characters"}],
                "oldest": 7,
            })
        );
    }

    #[test]
    fn a_wait_is_rounded_up_and_never_nothing() {
        assert_eq!(whole_seconds(Duration::ZERO), 1);
        assert_eq!(whole_seconds(Duration::from_secs(2)), 2);
        assert_eq!(whole_seconds(Duration::from_millis(2_001)), 3);
        let response = Problem::too_many(Duration::from_millis(10)).into_response();
        assert_eq!(response.headers()[RETRY_AFTER], "1");
        assert_eq!(response.headers()[CONTENT_TYPE], PROBLEM_JSON);
    }
}
