//! What a push says.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

/// How long a provider keeps a push for a device that is away, in seconds: a week. A user who
/// comes back later finds everything in the inbox.
pub(crate) const TIME_TO_LIVE: u64 = 7 * 24 * 3600;

/// A notification of the newest unread message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushNotification {
    /// Identifies the notification. It is the same for every attempt.
    pub id: [u8; 16],
    /// Whether the user is in quiet hours: then only the badge changes.
    pub quiet: bool,
    /// The number of unread messages.
    pub badge: i64,
    /// The conversation.
    pub conversation_id: String,
    /// Its title, or who sent the message.
    pub title: String,
    /// Who sent the message, by the name that others see, in a group.
    pub subtitle: Option<String>,
    /// The beginning of the text; `None` if there is none, or the device shows none.
    pub body: Option<String>,
    /// The position of the message.
    pub position: i64,
    /// Its seq.
    pub seq: i64,
    /// The id of the user who sent it.
    pub sender: String,
}

/// The payload, as browsers get it and as apps find it beside what the system shows.
#[derive(Serialize)]
struct Payload<'a> {
    badge: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
    conversation_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sender: Option<&'a str>,
}

impl PushNotification {
    /// The key under which a newer push of the same conversation replaces this one: 32 characters
    /// of `A-Z a-z 0-9 - _`. That is the most that a `Topic` of Web Push takes (RFC 8030, section
    /// 5.4); APNs takes 64 bytes.
    pub(crate) fn collapse_key(&self) -> String {
        let digest = Sha256::digest(self.conversation_id.as_bytes());
        URL_SAFE_NO_PAD.encode(&digest[..24])
    }

    /// The payload as JSON.
    pub(crate) fn payload(&self) -> Vec<u8> {
        let loud = !self.quiet;
        let payload = Payload {
            badge: self.badge,
            title: loud.then_some(&self.title),
            body: self.body.as_deref().filter(|_| loud),
            conversation_id: &self.conversation_id,
            position: loud.then_some(self.position),
            seq: loud.then_some(self.seq),
            sender: loud.then_some(&self.sender),
        };
        // A struct of texts and numbers can be serialized.
        serde_json::to_vec(&payload).unwrap_or_default()
    }

    /// What apps find beside what the system shows.
    pub(crate) fn custom_fields(&self) -> Map<String, Value> {
        let fields = if self.quiet {
            json!({"badge": self.badge, "conversation_id": self.conversation_id})
        } else {
            json!({
                "badge": self.badge,
                "conversation_id": self.conversation_id,
                "position": self.position,
                "seq": self.seq,
                "sender": self.sender,
            })
        };
        match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }

    /// Renders the notification so that it has at most `limit` bytes, with a shorter text or title
    /// if it must.
    pub(crate) fn fit(&self, limit: usize, render: impl Fn(&Self) -> Vec<u8>) -> Vec<u8> {
        let mut rendered = render(self);
        let mut shorter = self.clone();
        while rendered.len() > limit && shorter.shorten() {
            rendered = render(&shorter);
        }
        rendered
    }

    /// Halves the longest of the texts. Returns false once there is nothing left to cut.
    fn shorten(&mut self) -> bool {
        let texts = [
            Some(&mut self.title),
            self.subtitle.as_mut(),
            self.body.as_mut(),
        ];
        let longest = texts.into_iter().flatten().max_by_key(|text| text.len());
        let Some(text) = longest.filter(|text| text.chars().count() > 1) else {
            return false;
        };
        let kept = text.chars().count() / 2;
        *text = text.chars().take(kept).chain(['…']).collect();
        kept > 1
    }
}

/// A notification for tests.
#[cfg(test)]
pub(crate) fn example_notification() -> PushNotification {
    PushNotification {
        id: [7; 16],
        quiet: false,
        badge: 3,
        conversation_id: "lunch".into(),
        title: "Lunch".into(),
        subtitle: Some("Ann".into()),
        body: Some("noodles?".into()),
        position: 12,
        seq: 4,
        sender: "ann".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(bytes: &[u8]) -> Value {
        serde_json::from_slice(bytes).unwrap()
    }

    #[test]
    fn the_payload_has_only_the_badge_in_quiet_hours() {
        assert_eq!(
            json(&example_notification().payload()),
            json!({"badge": 3, "title": "Lunch", "body": "noodles?", "conversation_id": "lunch",
                "position": 12, "seq": 4, "sender": "ann"})
        );
        let quiet = PushNotification {
            quiet: true,
            ..example_notification()
        };
        let expected = json!({"badge": 3, "conversation_id": "lunch"});
        assert_eq!(json(&quiet.payload()), expected);
        assert_eq!(Value::Object(quiet.custom_fields()), expected);
    }

    #[test]
    fn a_device_without_previews_gets_no_body() {
        let silent = PushNotification {
            body: None,
            ..example_notification()
        };
        assert!(json(&silent.payload()).get("body").is_none());
    }

    #[test]
    fn long_texts_are_cut_to_the_limit() {
        let long = PushNotification {
            title: "\u{1}".repeat(200),
            body: Some("漢".repeat(2_000)),
            ..example_notification()
        };
        for limit in [4_096, 1_000, 300] {
            let rendered = long.fit(limit, PushNotification::payload);
            assert!(rendered.len() <= limit, "{limit}: {}", rendered.len());
            assert_eq!(json(&rendered)["badge"], 3);
        }
        let short = example_notification();
        assert_eq!(short.fit(4_096, PushNotification::payload), short.payload());
        // What cannot be cut ends all the same.
        assert!(short.fit(10, PushNotification::payload).len() > 10);
    }

    #[test]
    fn the_collapse_key_belongs_to_the_conversation() {
        let other = PushNotification {
            conversation_id: "c".repeat(64),
            ..example_notification()
        };
        let later = PushNotification {
            seq: 9,
            position: 80,
            ..example_notification()
        };
        let key = example_notification().collapse_key();
        assert_eq!(key.len(), 32);
        assert_eq!(later.collapse_key(), key);
        assert_ne!(other.collapse_key(), key);
    }
}
