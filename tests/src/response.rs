//! A response to a call, with the assertions that tests make about it.

use bytes::Bytes;
use reqwest::header::HeaderMap;
use serde_json::Value;

/// A response to a call.
#[derive(Debug, Clone)]
pub struct ApiResponse {
    /// Method, path and user of the call, for failure messages.
    pub call: String,
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, byte for byte.
    pub body: Bytes,
}

impl ApiResponse {
    /// The body as JSON, or null if it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// Asserts the status and returns the body as JSON.
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self}");
        self.json()
    }

    /// Asserts that the response has bytes of this media type.
    pub fn expect_bytes(&self, media_type: &str) {
        assert_eq!(self.status, 200, "{self}");
        assert_eq!(self.header("content-type"), media_type, "{self}");
        assert!(!self.body.is_empty(), "{self}");
    }

    /// Asserts that the response is a complete problem document with this status, and returns its
    /// code.
    pub fn expect_problem(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{self}");
        let content_type = self.header("content-type");
        assert!(
            content_type.starts_with("application/problem+json"),
            "{self}: is {content_type}"
        );
        let body = self.json();
        assert_eq!(body["status"], status, "{self}");
        for field in ["type", "title", "detail", "code"] {
            assert!(body[field].is_string(), "{self}: no {field}");
        }
        body["code"].as_str().unwrap_or_default().to_owned()
    }

    /// An integer field of the body.
    pub fn number(&self, field: &str) -> i64 {
        self.json()[field]
            .as_i64()
            .unwrap_or_else(|| panic!("{self}: no number {field}"))
    }

    /// The position in the response to a command, checked against the header.
    pub fn position(&self) -> i64 {
        let position = self.number("position");
        assert_eq!(
            self.header("tidings-position"),
            position.to_string(),
            "{self}"
        );
        position
    }

    /// A header as text; empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// Whether the first response was returned again for a known idempotency key.
    pub fn is_replay(&self) -> bool {
        self.header("idempotent-replay") == "true"
    }
}

impl std::fmt::Display for ApiResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = &self.body[..self.body.len().min(1_000)];
        write!(
            f,
            "{} -> {} {}",
            self.call,
            self.status,
            String::from_utf8_lossy(shown)
        )
    }
}
