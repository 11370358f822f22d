//! The payload of a notification, as Standard Webhooks defines it: `{type, timestamp, data}`.

use domain::hex::to_hex;
use domain::time::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::due::DueNotification;
use crate::signing_clients::WebhookMessage;

const NOTIFICATION_TYPE: &str = "tidings.notification.v1";

#[derive(Serialize)]
struct NotificationPayload<'a> {
    r#type: &'static str,
    timestamp: Timestamp,
    data: NotificationData<'a>,
}

#[derive(Serialize)]
struct NotificationData<'a> {
    user: &'a str,
    conversation_id: &'a str,
    kind: Option<&'a str>,
    title: Option<&'a str>,
    badge: i64,
    unread: i64,
    messages: i64,
    mentioned: bool,
    message: NewestMessage<'a>,
}

#[derive(Serialize)]
struct NewestMessage<'a> {
    seq: Option<i64>,
    position: Option<i64>,
    sender: Option<&'a str>,
    r#type: Option<&'a str>,
    preview: Option<&'a str>,
    sent_at: Option<Timestamp>,
}

/// Builds the webhook message of a notification. The id is the same whenever it covers the same
/// messages.
pub fn build_message(
    webhook: i64,
    due: &DueNotification,
    now: Timestamp,
) -> Result<WebhookMessage, serde_json::Error> {
    let payload = NotificationPayload {
        r#type: NOTIFICATION_TYPE,
        timestamp: now,
        data: NotificationData {
            user: &due.user_name,
            conversation_id: &due.conversation,
            kind: due.kind.as_deref(),
            title: due.title.as_deref(),
            badge: due.badge.unwrap_or_default(),
            unread: due.unread.unwrap_or_default(),
            messages: due.messages.unwrap_or_default(),
            mentioned: due.mentioned.unwrap_or_default(),
            message: NewestMessage {
                seq: due.seq,
                position: due.position,
                sender: due.sender.as_deref(),
                r#type: due.message_type.as_deref(),
                preview: due.preview.as_deref(),
                sent_at: due.sent_at(),
            },
        },
    };
    Ok(WebhookMessage {
        id: message_id(webhook, due),
        content_type: "application/json",
        body: serde_json::to_vec(&payload)?,
        traceparent: None,
    })
}

fn message_id(webhook: i64, due: &DueNotification) -> String {
    // The length separates the user name from the conversation unambiguously.
    let parts = format!(
        "{webhook}.{}.{}.{}{}",
        due.to_position,
        due.user_name.len(),
        due.user_name,
        due.conversation
    );
    let digest = Sha256::digest(parts.as_bytes());
    format!("ntf_{}", to_hex(&digest[..16]))
}
