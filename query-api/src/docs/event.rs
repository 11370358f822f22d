//! An event of the log, as `GET /v1/events` returns it.

#![expect(dead_code, reason = "these types describe the OpenAPI document")]

use std::collections::BTreeMap;

use http_edge::schema::ndjson::NdjsonText;
use utoipa::ToSchema;

/// The schema of the lines of the log.
pub(crate) type EventLines = NdjsonText<EventSchema>;

/// An event of the log, as a CloudEvents 1.0 object.
#[derive(ToSchema)]
#[schema(as = Event)]
pub(crate) struct EventSchema {
    /// The version of CloudEvents, `1.0`.
    specversion: String,
    /// The cursor of the event: its position, a dot and the tag of its history.
    #[schema(example = "1234.5f3a9c21")]
    id: String,
    /// `/conversations/{id}`, `/mailboxes/{user}`, `/profiles/{user}`, `/cases/{id}` or
    /// `/deployment/tidings`.
    #[schema(example = "/conversations/lunch")]
    source: String,
    /// The conversation that the event belongs to, also if it is in a mailbox.
    #[schema(required = false, example = "lunch")]
    conversation: String,
    /// The event type and its version.
    #[schema(example = "tidings.message_sent.v1")]
    r#type: String,
    /// When the event was appended. It never decreases along the log.
    #[schema(format = DateTime)]
    time: String,
    /// The media type of the data, `application/json`.
    datacontenttype: String,
    /// The position in the log: 1, 2, 3, ...
    #[schema(minimum = 1)]
    position: i64,
    /// The number within the source: 1, 2, 3, ...
    #[schema(minimum = 1)]
    sequence: i64,
    /// Who called, if it was not the user: a service that acts for them, or an administrator.
    #[schema(required = false)]
    actor: String,
    /// The W3C trace context of the request that caused the event, if that request was traced.
    #[schema(
        required = false,
        example = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    )]
    traceparent: String,
    /// The data of the event. `type` determines its fields.
    data: BTreeMap<String, serde_json::Value>,
}
