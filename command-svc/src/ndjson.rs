//! NDJSON request bodies and responses.

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderValue};
use serde::Serialize;

use crate::response::POSITION_HEADER;

/// The expected length of a response line, in bytes.
const RESPONSE_LINE_BYTES: usize = 96;

/// Splits a body into trimmed lines and skips blank ones.
pub(crate) fn split_lines(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    body.split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty())
}

/// A response with one JSON document per line.
pub(crate) struct NdjsonResponse(Vec<u8>);

impl NdjsonResponse {
    /// An empty response with space for this many lines.
    pub(crate) fn with_capacity(lines: usize) -> Self {
        Self(Vec::with_capacity(lines * RESPONSE_LINE_BYTES))
    }

    /// Adds a serialised document.
    pub(crate) fn push_line(&mut self, json: &[u8]) {
        self.0.extend_from_slice(json);
        self.0.push(b'\n');
    }

    /// Serialises a document that contains only strings and numbers, and adds it.
    pub(crate) fn push_json(&mut self, document: &impl Serialize) {
        // Strings and numbers always serialise.
        self.push_line(&serde_json::to_vec(document).unwrap_or_default());
    }

    /// The response, with the position in its header.
    pub(crate) fn into_response(self, position: i64) -> Response {
        let mut response = self.0.into_response();
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-ndjson"),
        );
        headers.insert(POSITION_HEADER, HeaderValue::from(position));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_are_skipped() {
        let found: Vec<_> = split_lines(b"{}\r\n\n  \n[1]\n").collect();
        assert_eq!(found, [b"{}".as_slice(), b"[1]"]);
        assert_eq!(split_lines(b"").count(), 0);
        assert_eq!(split_lines(b"{}").count(), 1);
    }
}
