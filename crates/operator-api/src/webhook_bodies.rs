//! The bodies of requests and responses about webhooks.

use dispatcher::webhook::{ParkedDeliveryRow, WebhookStatus};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A webhook to add.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub(super) struct WebhookRequest {
    /// The address to deliver to.
    pub(super) url: String,
    /// The types of events to deliver, such as `message_sent`; all types if omitted or empty.
    pub(super) events: Option<Vec<String>>,
    /// Deliver notifications of unread messages instead of events.
    #[serde(default)]
    pub(super) notifications: bool,
    /// The first log position to deliver, at most the next one; without it, what comes from now on.
    #[schema(minimum = 1)]
    pub(super) from: Option<i64>,
}

/// What to change. Omitted fields stay as they are.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub(super) struct WebhookPatch {
    /// The new address.
    pub(super) url: Option<String>,
    /// The new event types, for a webhook of events; an empty list means all types.
    pub(super) events: Option<Vec<String>>,
    /// Whether it delivers. One that is switched on continues at its position.
    pub(super) enabled: Option<bool>,
}

/// Where to deliver from again.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub(super) struct ReplayRequest {
    /// The first log position to deliver again, at most the next one.
    #[schema(minimum = 1)]
    pub(super) from: i64,
}

/// The webhook that was added.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AddedWebhook {
    pub(super) id: i64,
    /// The secret that signs its deliveries. It is not shown again.
    pub(super) secret: String,
    /// Deliveries begin after this log position.
    pub(super) delivers_after: i64,
    /// The head position of the log.
    pub(super) position: i64,
}

/// A webhook after a change.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ChangedWebhook {
    /// Everything up to this log position is delivered, waits or is parked.
    pub(super) delivers_after: i64,
    /// The head position of the log.
    pub(super) position: i64,
}

/// The answer to a removal.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RemovedWebhook {
    /// The head position of the log.
    pub(super) position: i64,
}

/// A page of webhooks.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WebhookPage {
    pub(super) webhooks: Vec<WebhookView>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub(super) next: Option<String>,
}

/// A webhook.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub(super) struct WebhookView {
    pub(super) id: i64,
    pub(super) url: String,
    /// The types of events that it delivers; empty for all types.
    pub(super) events: Vec<String>,
    /// Whether it delivers notifications instead of events.
    pub(super) notifications: bool,
    /// Whether it delivers. One whose receiver has answered 410 is switched off.
    pub(super) enabled: bool,
    /// Everything up to this log position is delivered, waits or is parked.
    pub(super) position: i64,
    /// How many deliveries were accepted.
    pub(super) delivered: i64,
    /// How many wait for another attempt.
    pub(super) waiting: i64,
    /// How many are parked, because every attempt failed.
    pub(super) parked: i64,
    /// The reason of the last failure.
    #[schema(required = true)]
    pub(super) last_error: Option<String>,
}

/// A page of parked deliveries.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ParkedPage {
    pub(super) parked: Vec<ParkedView>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub(super) next: Option<String>,
}

/// A delivery of which every attempt failed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ParkedDelivery)]
pub(super) struct ParkedView {
    /// The position of the event as text, and for a notification also its conversation and user.
    pub(super) id: String,
    /// The position of the event, or of the newest message of a notification.
    pub(super) position: i64,
    /// The number of attempts.
    pub(super) tries: i32,
    /// Why the last one failed.
    pub(super) last_error: String,
    /// When it was parked.
    #[schema(value_type = String, format = DateTime)]
    pub(super) at: Timestamp,
}

impl From<WebhookStatus> for WebhookView {
    fn from(status: WebhookStatus) -> Self {
        Self {
            id: status.id,
            url: status.url,
            events: status.types,
            notifications: status.kind == "notifications",
            enabled: status.state == "on",
            position: status.position,
            delivered: status.delivered,
            waiting: status.waiting,
            parked: status.parked,
            last_error: status.error,
        }
    }
}

impl From<ParkedDeliveryRow> for ParkedView {
    fn from(row: ParkedDeliveryRow) -> Self {
        let id = if row.user_name.is_empty() {
            row.position.to_string()
        } else {
            format!("{} {} {}", row.position, row.lane, row.user_name)
        };
        Self {
            id,
            position: row.position,
            tries: row.tries,
            last_error: row.error,
            at: row.parked_at,
        }
    }
}
