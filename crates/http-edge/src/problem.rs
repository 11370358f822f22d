//! The RFC 9457 problem document, the single format of every rejection and failure.

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

use crate::auth::refusal::TokenRefusal;
use crate::schema::union::allow_other_properties;

/// The media type of a problem document.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// The code of a login with a wrong password or an unknown user.
const WRONG_PASSWORD: &str = "wrong_password";

/// The `Retry-After` value when nothing more specific is known.
const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(1);

/// An error about one field of the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// The path of the field, such as `members[2]` or `body.text`. Empty for the whole document.
    pub field: String,
    /// A description of the error and of the expected value.
    pub message: String,
}

/// The reason why a request failed. Serialises as the problem document, so that it can also appear
/// in a line of a batch response or in a WebSocket frame.
///
/// `type` is `urn:tidings:problem:<code>`; `code` is stable; `detail` is for humans.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    retry_after: Option<Duration>,
    // Boxed because few problems have extensions and every `Result` carries the space.
    extensions: Option<Box<Map<String, Value>>>,
}

/// The code of the problem in a response, for the access log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProblemCode(pub &'static str);

impl Problem {
    /// A problem with any status and code. Prefer the named constructors.
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
            extensions: None,
        }
    }

    /// 400: the request cannot be parsed.
    pub fn bad_request(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 400 `malformed`, with the invalid parameter.
    pub fn malformed(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::bad_request("malformed", "The request cannot be parsed.")
            .with_field_error(field, message)
    }

    /// 401 `token_missing`, `token_expired` or `token_invalid`.
    pub(crate) fn unauthorized(refusal: TokenRefusal) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, refusal.code(), refusal.detail())
    }

    /// 401 `token_missing`.
    pub fn token_missing() -> Self {
        Self::unauthorized(TokenRefusal::Missing)
    }

    /// 401 `token_expired`: the token of a connection has expired.
    pub fn token_expired() -> Self {
        Self::unauthorized(TokenRefusal::Expired)
    }

    /// 401 `token_invalid`: the token for a connection names another user.
    pub fn token_of_another_user() -> Self {
        Self::unauthorized(TokenRefusal::OTHER_USER)
    }

    /// 401 `token_invalid`: the `sub` of the token is not a user id.
    pub fn invalid_user_id() -> Self {
        Self::unauthorized(TokenRefusal::CLAIMS)
    }

    /// 401 `wrong_password`: the same for a wrong password and for a user without an account.
    pub fn wrong_password() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            WRONG_PASSWORD,
            "The user or the password is wrong.",
        )
    }

    /// 403 `forbidden`: the caller may know that the resource exists, but may not do this.
    pub fn forbidden() -> Self {
        Self::forbidden_with_code("forbidden", "You do not have permission to do this.")
    }

    /// 403 with a specific code, such as `blocked`.
    pub fn forbidden_with_code(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, detail)
    }

    /// 404 `not_found`: the resource does not exist, or the caller may not know that it does. The
    /// text is the same in both cases.
    pub fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "The resource does not exist or is not visible to you.",
        )
    }

    /// The same for a query that did not say which position it must have reached. What the caller
    /// has just created may be in the log and not yet in the read model. This text, too, is the
    /// same whether or not the resource exists.
    pub fn not_found_yet() -> Self {
        let mut problem = Self::not_found();
        problem.detail = "The resource does not exist or is not visible to you. If you have just \
                          created it, repeat the query with `min_position`, the position that the \
                          command returned."
            .into();
        problem
    }

    /// 404 `no_such_path`: this process has no route for the path.
    pub(crate) fn no_such_path() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "no_such_path",
            "This process has no such path; /docs lists those of the API. In a fleet, commands and \
             queries have different processes.",
        )
    }

    /// 405: the path exists but does not support the method.
    pub fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "Method not allowed; see the Allow header.",
        )
    }

    /// 409: the resource already exists, or the key was used for a different request.
    pub fn conflict(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 410: the cursor can no longer be used.
    pub fn gone(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::GONE, code, detail)
    }

    /// 413 `too_large`; the detail names the limit.
    pub fn too_large(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
    }

    /// 415: the endpoint does not accept this media type.
    pub fn unsupported_media_type(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            detail,
        )
    }

    /// 422 `invalid`: one field violates a rule.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::unprocessable("invalid", message.clone()).with_field_error(field, message)
    }

    /// 422 with a specific code, such as `recall_window_passed`, or without a field.
    pub fn unprocessable(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }

    /// 429 `rate_limited`: the client must wait at least `retry`.
    pub fn rate_limited(retry: Duration) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limited",
            "Too many commands; try again later.",
        )
        .with_retry_after(retry)
    }

    /// 503: a dependency is unavailable. The outcome of the request is unknown; it can be retried.
    pub fn unavailable(
        code: &'static str,
        detail: impl Into<Cow<'static, str>>,
        retry: Duration,
    ) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail).with_retry_after(retry)
    }

    /// 503 `switched_off`: an administrator has switched the feature off.
    pub fn switched_off(feature: &str, retry: Duration) -> Self {
        Self::unavailable(
            "switched_off",
            format!("An administrator has switched this off for now ({feature})."),
            retry,
        )
    }

    /// 503 `timeout`: the request took too long. Whether a command was executed is unknown; the
    /// client finds out by repeating it with the same idempotency key.
    pub fn timeout() -> Self {
        Self::unavailable(
            "timeout",
            "The request timed out. Repeat it with the same key to find out whether it was executed.",
            DEFAULT_RETRY_AFTER,
        )
    }

    /// 500: an internal error. The log has the details under the request id.
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "An internal error occurred. Use the X-Request-Id header to find this request in the log.",
        )
    }

    /// The problem for a response that has a status but no document.
    pub fn from_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::token_missing(),
            StatusCode::FORBIDDEN => Self::forbidden(),
            StatusCode::NOT_FOUND => Self::not_found(),
            StatusCode::METHOD_NOT_ALLOWED => Self::method_not_allowed(),
            StatusCode::PAYLOAD_TOO_LARGE => Self::too_large("The request body is too large."),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                Self::unsupported_media_type("This endpoint does not accept this media type.")
            }
            StatusCode::UPGRADE_REQUIRED => Self::new(
                status,
                "upgrade_required",
                "This endpoint requires a WebSocket upgrade.",
            ),
            StatusCode::UNPROCESSABLE_ENTITY => {
                Self::unprocessable("invalid", "The request was understood but rejected.")
            }
            StatusCode::SERVICE_UNAVAILABLE => Self::unavailable(
                "unavailable",
                "The service is temporarily unavailable.",
                DEFAULT_RETRY_AFTER,
            ),
            status if status.is_server_error() => Self {
                status,
                ..Self::internal()
            },
            status => Self::new(status, "malformed", "The request cannot be parsed."),
        }
    }

    /// Adds an error about one field.
    #[must_use]
    pub fn with_field_error(
        mut self,
        field: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        self.errors.push(FieldError {
            field: field.into(),
            message: message.into(),
        });
        self
    }

    /// Adds an extension member, such as `oldest` of `cursor_expired`. The member names of RFC 9457
    /// and `code` and `errors` are reserved.
    #[must_use]
    pub fn with_member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.extensions
            .get_or_insert_default()
            .insert(name.to_owned(), value.into());
        self
    }

    /// Sets the `Retry-After` header, rounded up to whole seconds.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The `Retry-After` value in whole seconds, if there is one.
    pub fn retry_after_seconds(&self) -> Option<u64> {
        self.retry_after.map(ceil_to_seconds)
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The text for humans.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The errors about individual fields.
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
        for (name, value) in self.extensions.iter().flat_map(|extra| extra.iter()) {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // Cannot fail: a map of strings and numbers always serialises.
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        response.extensions_mut().insert(ProblemCode(self.code));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some(wait) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(ceil_to_seconds(wait)));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, challenge(self.code, &self.detail));
        }
        response
    }
}

/// What `WWW-Authenticate` says (RFC 6750 section 3): nothing but the scheme to a request without a
/// token or with a wrong password, otherwise why its token is refused.
fn challenge(code: &str, detail: &str) -> HeaderValue {
    let without_details = HeaderValue::from_static("Bearer");
    if code == TokenRefusal::Missing.code() || code == WRONG_PASSWORD {
        return without_details;
    }
    let text = format!("Bearer error=\"invalid_token\", error_description=\"{detail}\"");
    HeaderValue::try_from(text).unwrap_or(without_details)
}

/// Rounds up to whole seconds, at least 1: a client that receives 0 retries immediately.
pub(crate) fn ceil_to_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

/// A problem document (RFC 9457). Some codes have further members.
#[derive(ToSchema)]
#[schema(as = Problem)]
#[expect(dead_code, reason = "only describes the OpenAPI schema")]
struct ProblemDocument {
    /// `urn:tidings:problem:<code>`.
    r#type: String,
    /// The reason phrase of the status.
    title: String,
    /// The HTTP status.
    status: u16,
    /// A description of the error, for humans.
    detail: String,
    /// The stable error code, in snake_case, for programs.
    code: String,
    /// The invalid fields, for invalid input.
    #[schema(required = false)]
    errors: Vec<FieldError>,
}

impl PartialSchema for Problem {
    fn schema() -> RefOr<Schema> {
        let mut schema = ProblemDocument::schema();
        allow_other_properties(&mut schema);
        schema
    }
}

impl ToSchema for Problem {
    fn name() -> Cow<'static, str> {
        "Problem".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        ProblemDocument::schemas(schemas);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problem_serialises_as_documented() {
        let problem = Problem::invalid("title", "at most 200 characters").with_member("oldest", 7);
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
    fn retry_after_is_rounded_up_and_at_least_one_second() {
        assert_eq!(ceil_to_seconds(Duration::ZERO), 1);
        assert_eq!(ceil_to_seconds(Duration::from_secs(2)), 2);
        assert_eq!(ceil_to_seconds(Duration::from_millis(2_001)), 3);
        let response = Problem::rate_limited(Duration::from_millis(10)).into_response();
        assert_eq!(response.headers()[RETRY_AFTER], "1");
        assert_eq!(response.headers()[CONTENT_TYPE], PROBLEM_JSON);
    }
}
