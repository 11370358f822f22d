//! Decides whether an event involves a user.

use domain::envelope::{AggregateKind, Envelope};
use serde_json::Value;

/// Fields with text that users or their clients wrote: a user id in them is not a reference to that
/// user.
const USER_TEXT_FIELDS: [&str; 16] = [
    "body",
    "title",
    "client_message_id",
    "display_name",
    "avatar",
    "about",
    "locale",
    "custom",
    "topic",
    "note",
    "reason",
    "words",
    "name",
    "text",
    "tags",
    "greeting",
];

/// Whether the event belongs to the user's mailbox or profile, or names the user in its data: as a
/// sender, a member or a mention. A case involves those who reported something and those who
/// decided; whom it is about must not learn of it.
pub fn involves_user(event: &Envelope, user: &str) -> bool {
    let is_own = match event.aggregate {
        AggregateKind::Mailbox | AggregateKind::Profile => event.aggregate_id == user,
        AggregateKind::Conversation
        | AggregateKind::Deployment
        | AggregateKind::File
        | AggregateKind::Desk => false,
        AggregateKind::Case => return acts_in_case(event, user),
    };
    if is_own {
        return true;
    }
    serde_json::from_str(event.data.get()).is_ok_and(|data| contains_user(&data, user))
}

fn acts_in_case(event: &Envelope, user: &str) -> bool {
    serde_json::from_str::<Value>(event.data.get())
        .is_ok_and(|data| data["reporter"] == user || data["by"] == user)
}

/// The user id as a JSON string literal, as it occurs in stored payloads.
pub fn to_json_literal(user: &str) -> Vec<u8> {
    Value::from(user).to_string().into_bytes()
}

fn contains_user(data: &Value, user: &str) -> bool {
    match data {
        Value::String(text) => text == user,
        Value::Array(items) => items.iter().any(|item| contains_user(item, user)),
        Value::Object(fields) => fields.iter().any(|(key, value)| {
            !USER_TEXT_FIELDS.contains(&key.as_str()) && contains_user(value, user)
        }),
        _ => false,
    }
}
