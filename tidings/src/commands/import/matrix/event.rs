//! Parses the parts of a Matrix room event that the import needs.

use domain::hex::to_hex;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::text::{self, Words};

/// The maximum length of a user id, in characters.
const USER_CHARS: usize = 128;
/// How many characters of a longer user id are kept.
const KEPT_CHARS: usize = 103;
/// How many hash digits follow the kept characters.
const DIGITS: usize = 24;

/// A room event. Any field may be missing or have a type other than the specified one.
#[derive(Debug, Deserialize)]
#[serde(from = "Value")]
pub(super) struct Event {
    pub(super) id: Option<String>,
    /// The room id; empty if the event has none.
    pub(super) room: String,
    pub(super) sender: Option<String>,
    /// `origin_server_ts`.
    pub(super) at: Option<i64>,
    pub(super) what: What,
}

/// The kind and content of an event.
#[derive(Debug)]
pub(super) enum What {
    Said(Said),
    Edit {
        of: String,
        words: Words,
    },
    Reaction {
        to: String,
        key: String,
    },
    Redaction {
        of: String,
    },
    /// A redacted event, whose content is gone; holds its description in the summary.
    Redacted(&'static str),
    Membership {
        user: String,
        membership: String,
    },
    Name(String),
    /// An unsupported event; holds its description in the summary.
    Other(String),
}

/// A message.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) words: Words,
    pub(super) reply_to: Option<String>,
    /// The newest edit, if the server has bundled it with the message.
    pub(super) edit: Option<Bundled>,
}

/// The newest edit of a message, as bundled by the server.
#[derive(Debug)]
pub(super) struct Bundled {
    pub(super) at: Option<i64>,
    /// The newest text, unless the message itself already has it.
    pub(super) words: Option<Words>,
}

impl Event {
    /// A placeholder for input that is not an event.
    pub(super) fn no_event() -> Self {
        Self::from(Value::Null)
    }
}

impl From<Value> for Event {
    fn from(event: Value) -> Self {
        let content = &event["content"];
        let kind = event["type"].as_str().unwrap_or_default();
        let what = redacted(&event, kind).unwrap_or_else(|| match kind {
            "m.room.message" => message(&event, content),
            "m.reaction" => reaction(content),
            "m.room.redaction" => text_of(&event["redacts"])
                .or_else(|| text_of(&content["redacts"]))
                .map_or_else(|| other(kind), |of| What::Redaction { of }),
            "m.room.member" => membership(&event, content),
            "m.room.name" => text_of(&content["name"]).map_or_else(|| other(kind), What::Name),
            _ => other(kind),
        });
        Self {
            id: text_of(&event["event_id"]),
            room: text_of(&event["room_id"]).unwrap_or_default(),
            sender: event["sender"].as_str().map(user),
            at: event["origin_server_ts"].as_i64(),
            what,
        }
    }
}

/// A redacted event is marked as such, whether or not the file contains the redaction itself.
fn redacted(event: &Value, kind: &str) -> Option<What> {
    let is_marked = |value: &Value| !value["redacted_because"].is_null();
    let what = match kind {
        "m.room.message" | "m.room.encrypted" => "redacted messages",
        "m.reaction" => "redacted reactions",
        _ => return None,
    };
    (is_marked(event) || is_marked(&event["unsigned"])).then_some(What::Redacted(what))
}

fn message(event: &Value, content: &Value) -> What {
    let Some(words) = text::of(content) else {
        let kind = content["msgtype"].as_str().unwrap_or_default();
        return other(format!("m.room.message {kind}").trim_end());
    };
    let relation = &content["m.relates_to"];
    let about = text_of(&relation["event_id"]);
    match (relation["rel_type"].as_str(), about) {
        (Some("m.replace"), Some(of)) => text::of(&content["m.new_content"]).map_or_else(
            || other("edits without a text"),
            |words| What::Edit { of, words },
        ),
        (rel_type, about) => What::Said(Said {
            words,
            reply_to: reply_to(relation, about.filter(|_| rel_type == Some("m.thread"))),
            edit: bundled(event),
        }),
    }
}

/// The id of the message to which a message replies: the explicit reply, otherwise the root of its
/// thread. In a thread, the reply may only be a fallback for clients that do not support threads.
fn reply_to(relation: &Value, thread: Option<String>) -> Option<String> {
    let answered = text_of(&relation["m.in_reply_to"]["event_id"]);
    if thread.is_some() && relation["is_falling_back"] == true {
        return thread;
    }
    answered.or(thread)
}

fn bundled(event: &Value) -> Option<Bundled> {
    let edit = &event["unsigned"]["m.relations"]["m.replace"];
    edit.is_object().then(|| Bundled {
        at: edit["origin_server_ts"].as_i64(),
        words: text::of(&edit["content"]["m.new_content"]),
    })
}

fn reaction(content: &Value) -> What {
    let relation = &content["m.relates_to"];
    match (text_of(&relation["event_id"]), text_of(&relation["key"])) {
        (Some(to), Some(key)) if relation["rel_type"] == "m.annotation" => {
            What::Reaction { to, key }
        }
        _ => other("m.reaction"),
    }
}

fn membership(event: &Value, content: &Value) -> What {
    match (event["state_key"].as_str(), text_of(&content["membership"])) {
        (Some(name), Some(membership)) => What::Membership {
            user: user(name),
            membership,
        },
        _ => other("m.room.member"),
    }
}

fn other(kind: &str) -> What {
    What::Other(if kind.is_empty() {
        "things that are no events".to_owned()
    } else {
        kind.to_owned()
    })
}

fn text_of(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// The Tidings user id for a Matrix user id: the same id, shortened if it is too long.
fn user(id: &str) -> String {
    if id.chars().count() <= USER_CHARS {
        return id.to_owned();
    }
    let prefix: String = id.chars().take(KEPT_CHARS).collect();
    let digits = to_hex(&Sha256::digest(id.as_bytes()));
    format!("{prefix}~{}", &digits[..DIGITS])
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
        let short = ids.clone().map(|id| user(&id));
        assert_ne!(short[0], short[1]);
        for (id, short) in ids.iter().zip(&short) {
            assert!(UserId::parse(short).is_ok(), "{short}");
            assert_eq!(*short, user(id));
        }
        assert_eq!(user("@ann:example.org"), "@ann:example.org");
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
            let What::Said(said) = Event::from(event).what else {
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
            let event = Event::from(odd.clone());
            assert!(matches!(event.what, What::Other(_)), "{odd}");
        }
    }
}
