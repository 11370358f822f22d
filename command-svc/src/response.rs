//! The response to a command. The response body is a JSON object without the position. Receipts
//! store it in that form; the position is inserted once it is known.

use std::io::Write as _;

use axum::response::{IntoResponse, Response};
use event_log::LogError;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderName, StatusCode};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// The response header with the log position of the response.
pub(crate) const POSITION_HEADER: HeaderName = HeaderName::from_static("tidings-position");

/// The response header that marks a replay of the first response.
const REPLAY_HEADER: HeaderName = HeaderName::from_static("idempotent-replay");

/// A placeholder for the position in a response type: see [`crate::response`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct PositionPlaceholder;

impl PositionPlaceholder {
    /// For `skip_serializing_if`: the placeholder itself is never serialised.
    #[allow(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde passes a reference"
    )]
    pub(crate) fn is_placeholder(_: &Self) -> bool {
        true
    }
}

impl Serialize for PositionPlaceholder {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

/// The response of commands that return only the position.
#[derive(Serialize, ToSchema)]
#[schema(as = Positioned)]
pub(crate) struct PositionResponse {
    /// The log position of the last event, or the head of the log if nothing changed.
    #[serde(skip_serializing_if = "PositionPlaceholder::is_placeholder")]
    #[schema(value_type = i64, required = true, minimum = 0)]
    position: PositionPlaceholder,
}

/// A response body: a serialised JSON object without the position.
#[derive(Debug, Clone)]
pub(crate) struct ResponseBody(pub(crate) Vec<u8>);

impl ResponseBody {
    /// A body without fields.
    pub(crate) fn empty() -> Self {
        Self(b"{}".to_vec())
    }

    /// Serialises these fields. They must form a JSON object.
    pub(crate) fn serialize(fields: &impl Serialize) -> Result<Self, LogError> {
        serde_json::to_vec(fields)
            .map(Self)
            .map_err(|error| LogError::Corrupt(format!("a response cannot be serialised: {error}")))
    }

    /// The same object with `position` as its last field.
    fn with_position(&self, position: i64) -> Vec<u8> {
        let open = self.0.strip_suffix(b"}").unwrap_or(b"{");
        let mut whole = Vec::with_capacity(open.len() + 36);
        whole.extend_from_slice(open);
        let comma = if open.len() > 1 { "," } else { "" };
        // Writing to a Vec cannot fail.
        let _ = write!(whole, "{comma}\"position\":{position}}}");
        whole
    }
}

/// The response to a command that was executed, now or earlier.
#[derive(Debug, Clone)]
pub(crate) struct CommandResponse {
    pub(crate) status: StatusCode,
    pub(crate) replayed: bool,
    pub(crate) position: i64,
    pub(crate) body: ResponseBody,
}

impl CommandResponse {
    /// The response as one line of a batch response, without the newline.
    pub(crate) fn to_ndjson_line(&self) -> Vec<u8> {
        let body = self.body.with_position(self.position);
        let replay = if self.replayed {
            "\"idempotent_replay\":true,"
        } else {
            ""
        };
        let mut line = Vec::with_capacity(body.len() + 48);
        // Writing to a Vec cannot fail.
        let _ = write!(line, "{{\"status\":{},{replay}", self.status.as_u16());
        line.extend_from_slice(&body[1..]);
        line
    }
}

impl IntoResponse for CommandResponse {
    fn into_response(self) -> Response {
        let body = self.body.with_position(self.position);
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(POSITION_HEADER, HeaderValue::from(self.position));
        if self.replayed {
            headers.insert(REPLAY_HEADER, HeaderValue::from_static("true"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command_response(fields: ResponseBody, replayed: bool) -> CommandResponse {
        CommandResponse {
            status: StatusCode::OK,
            replayed,
            position: 7,
            body: fields,
        }
    }

    #[test]
    fn the_position_is_inserted_into_any_object() {
        assert_eq!(ResponseBody::empty().with_position(7), br#"{"position":7}"#);
        let fields = ResponseBody(br#"{"id":"a}"}"#.to_vec());
        assert_eq!(fields.with_position(12), br#"{"id":"a}","position":12}"#);
    }

    #[test]
    fn a_batch_line_starts_with_its_status() {
        let line = command_response(ResponseBody(br#"{"seq":3}"#.to_vec()), false).to_ndjson_line();
        assert_eq!(line, br#"{"status":200,"seq":3,"position":7}"#);
        let line = command_response(ResponseBody::empty(), true).to_ndjson_line();
        assert_eq!(
            line,
            br#"{"status":200,"idempotent_replay":true,"position":7}"#
        );
    }

    #[test]
    fn headers_contain_position_and_replay() {
        let response = command_response(ResponseBody::empty(), true).into_response();
        assert_eq!(response.headers()["tidings-position"], "7");
        assert_eq!(response.headers()["idempotent-replay"], "true");
        let response = command_response(ResponseBody::empty(), false).into_response();
        assert!(!response.headers().contains_key("idempotent-replay"));
    }

    #[test]
    fn a_serialised_body_has_no_position() {
        let fields = ResponseBody::serialize(&PositionResponse {
            position: PositionPlaceholder,
        })
        .map(|fields| fields.0);
        assert_eq!(fields.ok().as_deref(), Some(b"{}".as_slice()));
    }
}
