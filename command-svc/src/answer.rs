//! How a command answers. The fields of an answer are a JSON object without the position; that is
//! what a receipt keeps, and the position is written in once it is known.

use std::io::Write as _;

use axum::response::{IntoResponse, Response};
use event_log::Failed;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderName, StatusCode};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// Tells how far the log was when this was answered.
pub(crate) const POSITION: HeaderName = HeaderName::from_static("tidings-position");

/// Tells that this answer was given before.
const REPLAY: HeaderName = HeaderName::from_static("idempotent-replay");

/// Stands in an answer for the position: see [`crate::answer`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Later;

impl Later {
    /// For serde: it is never written where it stands.
    #[allow(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde asks for a reference"
    )]
    pub(crate) fn is_later(_: &Self) -> bool {
        true
    }
}

impl Serialize for Later {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

/// The answer of commands that have nothing else to tell.
#[derive(Serialize, ToSchema)]
pub(crate) struct Positioned {
    /// The log position of the last event, or the log's head if nothing changed.
    #[serde(skip_serializing_if = "Later::is_later")]
    #[schema(value_type = i64, required = true, minimum = 0)]
    position: Later,
}

/// An answer's fields, as JSON.
#[derive(Debug, Clone)]
pub(crate) struct Fields(pub(crate) Vec<u8>);

impl Fields {
    pub(crate) fn none() -> Self {
        Self(b"{}".to_vec())
    }

    pub(crate) fn of(fields: &impl Serialize) -> Result<Self, Failed> {
        serde_json::to_vec(fields)
            .map(Self)
            .map_err(|error| Failed::Corrupt(format!("an answer cannot be written: {error}")))
    }

    /// The same object with one more number at its end.
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

/// A command that was carried out, now or before.
#[derive(Debug, Clone)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) replayed: bool,
    pub(crate) position: i64,
    pub(crate) fields: Fields,
}

impl Answered {
    /// As one line of a batch's answer, without the line's end.
    pub(crate) fn line(&self) -> Vec<u8> {
        let body = self.fields.with_position(self.position);
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

impl IntoResponse for Answered {
    fn into_response(self) -> Response {
        let body = self.fields.with_position(self.position);
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(POSITION, HeaderValue::from(self.position));
        if self.replayed {
            headers.insert(REPLAY, HeaderValue::from_static("true"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(fields: Fields, replayed: bool) -> Answered {
        Answered {
            status: StatusCode::OK,
            replayed,
            position: 7,
            fields,
        }
    }

    #[test]
    fn the_position_is_written_into_any_object() {
        assert_eq!(Fields::none().with_position(7), br#"{"position":7}"#);
        let fields = Fields(br#"{"id":"a}"}"#.to_vec());
        assert_eq!(fields.with_position(12), br#"{"id":"a}","position":12}"#);
    }

    #[test]
    fn a_line_begins_with_its_status() {
        let line = answered(Fields(br#"{"seq":3}"#.to_vec()), false).line();
        assert_eq!(line, br#"{"status":200,"seq":3,"position":7}"#);
        let line = answered(Fields::none(), true).line();
        assert_eq!(
            line,
            br#"{"status":200,"idempotent_replay":true,"position":7}"#
        );
    }

    #[test]
    fn headers_tell_position_and_replay() {
        let response = answered(Fields::none(), true).into_response();
        assert_eq!(response.headers()["tidings-position"], "7");
        assert_eq!(response.headers()["idempotent-replay"], "true");
        let response = answered(Fields::none(), false).into_response();
        assert!(!response.headers().contains_key("idempotent-replay"));
    }

    #[test]
    fn what_is_serialised_has_no_position_yet() {
        let fields = Fields::of(&Positioned { position: Later }).map(|fields| fields.0);
        assert_eq!(fields.ok().as_deref(), Some(b"{}".as_slice()));
    }
}
