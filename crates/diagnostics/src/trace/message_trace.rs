//! A trace, in the form of the JSON output.

use dispatcher::message_deliveries::MessageDeliveries;
use domain::history::CursorReference;
use domain::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::recipients::MessageRecipient;
use super::stage::TraceStage;

/// What has become of a message. The field names are the JSON output.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageTrace {
    /// The conversation.
    #[schema(example = "team")]
    pub conversation_id: String,
    /// The seq of the message.
    #[schema(example = 17)]
    pub seq: i64,
    /// The position at which it was sent.
    #[schema(example = 37)]
    pub position: i64,
    /// The cursor of that position.
    #[schema(value_type = String, example = "37.5f3a9c21")]
    pub cursor: CursorReference,
    /// The user who sent it; null if the event cannot be read.
    #[schema(required = true, example = "ann")]
    pub sender: Option<String>,
    /// The position of the read model.
    #[schema(example = 412)]
    pub checkpoint: i64,
    /// The stages, in the order in which a message passes them.
    pub stages: Vec<TraceStage>,
    /// Its edits, recalls, restores and erasures, oldest first.
    pub changes: Vec<TracedChange>,
    /// The members at that time, without the sender: at most 1,000, in the order of joining.
    pub recipients: Vec<MessageRecipient>,
    /// How many there are.
    pub recipient_count: i64,
    /// How many of them have it: a device has acknowledged it, or they have read it.
    pub delivered_count: i64,
    /// How many of them have read it.
    pub read_count: i64,
    /// The webhooks and notifications.
    pub webhooks: MessageDeliveries,
    /// What nobody stores.
    #[schema(value_type = Vec<String>)]
    pub not_stored: [&'static str; 4],
}

/// An edit, recall, restore or erasure of a message.
#[derive(Debug, Serialize, ToSchema)]
pub struct TracedChange {
    /// The position of the event.
    pub position: i64,
    /// When it was appended.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// `message_edited`, `message_recalled`, `message_restored` or `message_erased`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The user who did it.
    #[schema(required = true)]
    pub by: Option<String>,
}
