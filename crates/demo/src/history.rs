//! What was said before the demo: lines for an import, with times in the past.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::company::{PastMessage, Room};

/// How long before its first message a room was made.
const MADE_BEFORE: Duration = Duration::from_secs(60);

/// The lines of all rooms, as of `now`.
pub fn to_lines(rooms: &[Room], now: OffsetDateTime) -> Result<String> {
    let mut text = String::new();
    for room in rooms {
        let first = room.messages.first().map(|message| message.ago);
        let made = now - first.unwrap_or_default() - MADE_BEFORE;
        let members = json!({
            "conversation": room.id, "title": room.title, "members": room.members,
            "joined_at": made.format(&Rfc3339)?,
        });
        writeln!(text, "{members}")?;
        for message in &room.messages {
            writeln!(text, "{}", to_line(room, message, now)?)?;
        }
    }
    Ok(text)
}

fn to_line(room: &Room, message: &PastMessage, now: OffsetDateTime) -> Result<Value> {
    let mut line = Map::new();
    let sent_at = (now - message.ago).format(&Rfc3339)?;
    for (name, value) in [
        ("conversation", &room.id),
        ("title", &room.title),
        ("id", &message.id),
        ("sender", &message.by),
        ("sent_at", &sent_at),
        ("text", &message.text),
    ] {
        line.insert(name.to_owned(), json!(value));
    }
    for (name, value) in [("reply_to", &message.reply_to), ("thread", &message.thread)] {
        if let Some(other) = value {
            line.insert(name.to_owned(), json!(other));
        }
    }
    let reactions = message.reactions.iter();
    let reactions: Vec<Value> = reactions
        .flat_map(|(key, users)| {
            users
                .iter()
                .map(move |user| json!({"key": key, "user": user}))
        })
        .collect();
    line.insert("reactions".to_owned(), Value::Array(reactions));
    Ok(Value::Object(line))
}
