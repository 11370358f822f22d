//! Requests and responses of many JSON lines: NDJSON, or an array with an element for each line. A
//! response has the form of its request.

use std::fmt;

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderValue};
use http_edge::extract::describe_json_error;
use http_edge::{Ndjson, Problem};
use serde::Serialize;
use serde::de::{Deserializer as _, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::response::POSITION_HEADER;

/// The expected length of a response line, in bytes.
const RESPONSE_LINE_BYTES: usize = 96;

/// Passes each line of a body to `visit`, trimmed and without blank ones, or each element of an
/// array. They are neither copied nor parsed.
pub(crate) fn visit_lines<'a>(
    body: &'a Ndjson,
    visit: impl FnMut(&'a [u8]),
) -> Result<(), Problem> {
    if !body.is_array {
        split_lines(&body.bytes).for_each(visit);
        return Ok(());
    }
    let mut parser = serde_json::Deserializer::from_slice(&body.bytes);
    parser
        .deserialize_seq(ElementVisitor(visit))
        .and_then(|()| parser.end())
        .map_err(|error| {
            let reason = describe_json_error(&error);
            Problem::malformed("", format!("expected a JSON array: {reason}"))
        })
}

/// Splits a body into trimmed lines and skips blank ones.
fn split_lines(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    body.split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty())
}

/// Passes on the text of each element of an array.
struct ElementVisitor<F>(F);

impl<'de, F: FnMut(&'de [u8])> Visitor<'de> for ElementVisitor<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<(), A::Error> {
        while let Some(element) = elements.next_element::<&'de RawValue>()? {
            (self.0)(element.get().as_bytes());
        }
        Ok(())
    }
}

/// A response with a line, or an element, for each one of the request.
pub(crate) struct LinesResponse {
    text: Vec<u8>,
    is_array: bool,
}

impl LinesResponse {
    /// An empty response in the form of this request, with space for this many lines.
    pub(crate) fn like(request: &Ndjson, lines: usize) -> Self {
        Self {
            text: Vec::with_capacity(lines * RESPONSE_LINE_BYTES + 2),
            is_array: request.is_array,
        }
    }

    /// Adds a serialised line.
    pub(crate) fn push_line(&mut self, json: &[u8]) {
        let separator = match (self.is_array, self.text.is_empty()) {
            (false, true) => "",
            (false, false) => "\n",
            (true, true) => "[",
            (true, false) => ",",
        };
        self.text.extend_from_slice(separator.as_bytes());
        self.text.extend_from_slice(json);
    }

    /// Serialises a line that contains only strings and numbers, and adds it.
    pub(crate) fn push_json(&mut self, line: &impl Serialize) {
        // Strings and numbers always serialise.
        self.push_line(&serde_json::to_vec(line).unwrap_or_default());
    }

    /// The response, with the position in its header.
    pub(crate) fn into_response(mut self, position: i64) -> Response {
        let (end, content_type) = match (self.is_array, self.text.is_empty()) {
            (false, true) => ("", "application/x-ndjson"),
            (false, false) => ("\n", "application/x-ndjson"),
            (true, true) => ("[]", "application/json"),
            (true, false) => ("]", "application/json"),
        };
        self.text.extend_from_slice(end.as_bytes());
        let mut response = self.text.into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(POSITION_HEADER, HeaderValue::from(position));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str, is_array: bool) -> Ndjson {
        Ndjson {
            bytes: text.to_owned().into(),
            is_array,
        }
    }

    fn lines_of(body: &Ndjson) -> Result<Vec<&str>, u16> {
        let mut found = Vec::new();
        visit_lines(body, |text| {
            found.push(std::str::from_utf8(text).expect("UTF-8"));
        })
        .map(|()| found)
        .map_err(|problem| problem.status().as_u16())
    }

    #[test]
    fn blank_lines_are_skipped() {
        let lines = body("{}\r\n\n  \n[1]\n", false);
        assert_eq!(lines_of(&lines), Ok(vec!["{}", "[1]"]));
        assert_eq!(lines_of(&body("", false)), Ok(vec![]));
        assert_eq!(lines_of(&body("{}", false)), Ok(vec!["{}"]));
    }

    #[test]
    fn the_elements_of_an_array_are_passed_on_as_they_are() {
        let array = body(" [ {\"a\": [1, 2]} ,\n\"x\", [] ]\n", true);
        assert_eq!(
            lines_of(&array),
            Ok(vec![r#"{"a": [1, 2]}"#, r#""x""#, "[]"])
        );
        assert_eq!(lines_of(&body("[]", true)), Ok(vec![]));
        for bad in ["[", "[{}", "[{},]", "[{}]{}", "[{}] x", "[1 2]"] {
            assert_eq!(lines_of(&body(bad, true)), Err(400), "{bad}");
        }
    }

    fn text_of(is_array: bool, lines: &[&str]) -> String {
        let mut response = LinesResponse::like(&body("", is_array), lines.len());
        for line in lines {
            response.push_line(line.as_bytes());
        }
        let response = response.into_response(7);
        assert_eq!(response.headers()["tidings-position"], "7");
        let bytes = futures::executor::block_on(axum::body::to_bytes(response.into_body(), 1_000));
        String::from_utf8(bytes.expect("a body").to_vec()).expect("UTF-8")
    }

    #[test]
    fn a_response_has_the_form_of_its_request() {
        assert_eq!(text_of(false, &["{}", "1"]), "{}\n1\n");
        assert_eq!(text_of(false, &[]), "");
        assert_eq!(text_of(true, &["{}", "1"]), "[{},1]");
        assert_eq!(text_of(true, &[]), "[]");
    }
}
