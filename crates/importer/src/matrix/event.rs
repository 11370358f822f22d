//! Parses the parts of a Matrix room event that the import needs.

use domain::hex::to_hex;
use domain::ids::MAX_USER_ID_CHARS;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::message_text::{self, MessageText};

/// How many characters of a longer user id are kept.
const USER_ID_PREFIX_CHARS: usize = 103;
/// How many hash digits follow the kept characters.
const USER_ID_HASH_DIGITS: usize = 24;

/// A room event. Any field may be missing or have a type other than the specified one.
#[derive(Debug, Deserialize)]
#[serde(from = "Value")]
pub(super) struct MatrixEvent {
    pub(super) id: Option<String>,
    /// The room id; empty if the event has none.
    pub(super) room: String,
    pub(super) sender: Option<String>,
    /// `origin_server_ts`.
    pub(super) timestamp: Option<i64>,
    pub(super) kind: MatrixEventKind,
}

/// The kind and content of an event.
#[derive(Debug)]
pub(super) enum MatrixEventKind {
    Message(MatrixMessage),
    Edit {
        target: String,
        text: MessageText,
    },
    Reaction {
        target: String,
        key: String,
    },
    Redaction {
        target: String,
    },
    /// A redacted event, whose content is gone; holds its description in the summary.
    Redacted(&'static str),
    Membership {
        user: String,
        membership: String,
    },
    RoomName(String),
    /// An unsupported event; holds its description in the summary.
    Other(String),
}

/// A message.
#[derive(Debug)]
pub(super) struct MatrixMessage {
    pub(super) text: MessageText,
    pub(super) reply_to: Option<String>,
    /// The newest edit, if the server has bundled it with the message.
    pub(super) bundled_edit: Option<BundledEdit>,
}

/// The newest edit of a message, as bundled by the server.
#[derive(Debug)]
pub(super) struct BundledEdit {
    pub(super) timestamp: Option<i64>,
    /// The newest text, unless the message itself already has it.
    pub(super) text: Option<MessageText>,
}

impl MatrixEvent {
    /// A placeholder for input that is not an event.
    pub(super) fn unrecognized() -> Self {
        Self::from(Value::Null)
    }
}

impl From<Value> for MatrixEvent {
    fn from(event: Value) -> Self {
        let content = &event["content"];
        let kind = event["type"].as_str().unwrap_or_default();
        let what = parse_redacted(&event, kind).unwrap_or_else(|| match kind {
            "m.room.message" => parse_message(&event, content),
            "m.reaction" => parse_reaction(content),
            "m.room.redaction" => to_owned_string(&event["redacts"])
                .or_else(|| to_owned_string(&content["redacts"]))
                .map_or_else(
                    || other_kind(kind),
                    |of| MatrixEventKind::Redaction { target: of },
                ),
            "m.room.member" => parse_membership(&event, content),
            "m.room.name" => to_owned_string(&content["name"])
                .map_or_else(|| other_kind(kind), MatrixEventKind::RoomName),
            _ => other_kind(kind),
        });
        Self {
            id: to_owned_string(&event["event_id"]),
            room: to_owned_string(&event["room_id"]).unwrap_or_default(),
            sender: event["sender"].as_str().map(shorten_user_id),
            timestamp: event["origin_server_ts"].as_i64(),
            kind: what,
        }
    }
}

/// A redacted event is marked as such, whether or not the file contains the redaction itself.
fn parse_redacted(event: &Value, kind: &str) -> Option<MatrixEventKind> {
    let is_marked = |value: &Value| !value["redacted_because"].is_null();
    let what = match kind {
        "m.room.message" | "m.room.encrypted" => "redacted messages",
        "m.reaction" => "redacted reactions",
        _ => return None,
    };
    (is_marked(event) || is_marked(&event["unsigned"])).then_some(MatrixEventKind::Redacted(what))
}

fn parse_message(event: &Value, content: &Value) -> MatrixEventKind {
    let Some(words) = message_text::parse_text(content) else {
        let kind = content["msgtype"].as_str().unwrap_or_default();
        return other_kind(format!("m.room.message {kind}").trim_end());
    };
    let relation = &content["m.relates_to"];
    let about = to_owned_string(&relation["event_id"]);
    match (relation["rel_type"].as_str(), about) {
        (Some("m.replace"), Some(of)) => message_text::parse_text(&content["m.new_content"])
            .map_or_else(
                || other_kind("edits without a text"),
                |words| MatrixEventKind::Edit {
                    target: of,
                    text: words,
                },
            ),
        (rel_type, about) => MatrixEventKind::Message(MatrixMessage {
            text: words,
            reply_to: parse_reply_to(relation, about.filter(|_| rel_type == Some("m.thread"))),
            bundled_edit: parse_bundled_edit(event),
        }),
    }
}

/// The id of the message to which a message replies: the explicit reply, otherwise the root of its
/// thread. In a thread, the reply may only be a fallback for clients that do not support threads.
fn parse_reply_to(relation: &Value, thread: Option<String>) -> Option<String> {
    let answered = to_owned_string(&relation["m.in_reply_to"]["event_id"]);
    if thread.is_some() && relation["is_falling_back"] == true {
        return thread;
    }
    answered.or(thread)
}

fn parse_bundled_edit(event: &Value) -> Option<BundledEdit> {
    let edit = &event["unsigned"]["m.relations"]["m.replace"];
    edit.is_object().then(|| BundledEdit {
        timestamp: edit["origin_server_ts"].as_i64(),
        text: message_text::parse_text(&edit["content"]["m.new_content"]),
    })
}

fn parse_reaction(content: &Value) -> MatrixEventKind {
    let relation = &content["m.relates_to"];
    match (
        to_owned_string(&relation["event_id"]),
        to_owned_string(&relation["key"]),
    ) {
        (Some(to), Some(key)) if relation["rel_type"] == "m.annotation" => {
            MatrixEventKind::Reaction { target: to, key }
        }
        _ => other_kind("m.reaction"),
    }
}

fn parse_membership(event: &Value, content: &Value) -> MatrixEventKind {
    match (
        event["state_key"].as_str(),
        to_owned_string(&content["membership"]),
    ) {
        (Some(name), Some(membership)) => MatrixEventKind::Membership {
            user: shorten_user_id(name),
            membership,
        },
        _ => other_kind("m.room.member"),
    }
}

fn other_kind(kind: &str) -> MatrixEventKind {
    MatrixEventKind::Other(if kind.is_empty() {
        "things that are no events".to_owned()
    } else {
        kind.to_owned()
    })
}

fn to_owned_string(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// The Tidings user id for a Matrix user id: the same id, shortened if it is too long.
fn shorten_user_id(id: &str) -> String {
    if id.chars().count() <= MAX_USER_ID_CHARS {
        return id.to_owned();
    }
    let prefix: String = id.chars().take(USER_ID_PREFIX_CHARS).collect();
    let digits = to_hex(&Sha256::digest(id.as_bytes()));
    format!("{prefix}~{}", &digits[..USER_ID_HASH_DIGITS])
}

#[cfg(test)]
mod tests {
    use domain::ids::UserId;

    use super::*;

    #[test]
    fn long_user_id_is_shortened_to_a_valid_one() {
        let ids = [
            format!("@{}:example.org", "a".repeat(200)),
            format!("@{}:example.com", "a".repeat(200)),
        ];
        let short = ids.clone().map(|id| shorten_user_id(&id));
        assert_ne!(short[0], short[1]);
        for (id, short) in ids.iter().zip(&short) {
            assert!(UserId::parse(short).is_ok(), "{short}");
            assert_eq!(*short, shorten_user_id(id));
        }
        assert_eq!(shorten_user_id("@ann:example.org"), "@ann:example.org");
    }

    #[test]
    fn replies_and_threads() {
        let answered = serde_json::json!({"event_id": "$a"});
        for (relation, expected) in [
            (serde_json::json!(null), None),
            (serde_json::json!({"m.in_reply_to": answered}), Some("$a")),
            (
                serde_json::json!({"rel_type": "m.thread", "event_id": "$root"}),
                Some("$root"),
            ),
            (
                serde_json::json!({"rel_type": "m.thread", "event_id": "$root", "m.in_reply_to": answered}),
                Some("$a"),
            ),
            (
                serde_json::json!({"rel_type": "m.thread", "event_id": "$root", "m.in_reply_to": answered,
                    "is_falling_back": true}),
                Some("$root"),
            ),
        ] {
            let event = serde_json::json!({"type": "m.room.message",
                "content": {"msgtype": "m.text", "body": "x", "m.relates_to": relation}});
            let MatrixEventKind::Message(said) = MatrixEvent::from(event).kind else {
                panic!("is a message");
            };
            assert_eq!(said.reply_to.as_deref(), expected, "{relation}");
        }
    }

    #[test]
    fn invalid_event_is_unsupported() {
        for odd in [
            serde_json::json!(null),
            serde_json::json!(5),
            serde_json::json!([]),
            serde_json::json!({"type": 5, "content": []}),
            serde_json::json!({"type": "m.room.message", "content": {"msgtype": "m.text", "body": 5}}),
        ] {
            let event = MatrixEvent::from(odd.clone());
            assert!(matches!(event.kind, MatrixEventKind::Other(_)), "{odd}");
        }
    }
}
