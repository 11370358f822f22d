//! Parses one line of the file into the line that is sent, or into the reason for its rejection.

use std::borrow::Cow;

use domain::hex::to_hex;
use domain::ids::ConversationId;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::duplicates::{DuplicateCounter, TextDigest};

/// The maximum length of a sender, in characters; the rest is truncated.
const MAX_SENDER_CHARS: usize = 128;
/// The maximum length of a title, in characters; the rest is truncated.
const MAX_TITLE_CHARS: usize = 200;
/// The number of hash digits in a derived id: enough to make a collision of two names negligible.
const DERIVED_ID_DIGITS: usize = 24;
/// The prefix of the ids of direct conversations.
const DIRECT_ID_PREFIX: &str = "d_";

/// A line in the format of the import endpoint, one JSON object per line.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct ParsedLine {
    /// The line number in the file, counted from 1.
    pub line: u64,
    /// The id of the conversation.
    pub conversation: String,
    /// The title of the conversation.
    pub title: String,
    /// The key that identifies the line when it is imported again.
    pub key: String,
    /// The id by which other lines refer to this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The message or the members.
    #[serde(flatten)]
    pub body: LineBody,
}

/// The body of a line: a message, or users who joined.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum LineBody {
    /// A message.
    Message(LineMessage),
    /// Users who are members without having written.
    Members {
        /// The ids of the users.
        members: Vec<String>,
    },
}

/// A message in a line.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct LineMessage {
    /// The id of the sender.
    pub sender: String,
    /// The time at which it was sent.
    pub sent_at: Timestamp,
    /// The text, byte for byte.
    pub text: String,
    /// The id of the earlier line to which this message replies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// The time of the last edit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<Timestamp>,
    /// The text before the first edit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original: Option<String>,
    /// The reactions to the message.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<LineReaction>,
}

/// A reaction to a message.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineReaction {
    /// The reaction key, such as an emoji.
    pub key: String,
    /// The id of the user who reacted.
    pub user: String,
}

/// A line as it appears in the file. Every field is optional, so that missing fields are reported
/// in our own words.
#[derive(Deserialize)]
struct RawLine<'a> {
    #[serde(borrow, default)]
    conversation: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    title: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    sender: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    sent_at: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    text: Option<Cow<'a, str>>,
    #[serde(default)]
    id: Option<Value>,
    #[serde(default)]
    reply_to: Option<Value>,
    #[serde(borrow, default)]
    edited_at: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    original: Option<Cow<'a, str>>,
    #[serde(default)]
    reactions: Option<Vec<LineReaction>>,
    #[serde(default)]
    members: Option<Vec<String>>,
}

impl ParsedLine {
    /// Parses a line of the file. The error explains the rejection to the owner of the file.
    pub fn parse(
        number: u64,
        bytes: &[u8],
        repeats: &mut DuplicateCounter,
    ) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned())?;
        let mut raw: RawLine<'_> =
            serde_json::from_str(text).map_err(|error| describe_json_error(text, &error))?;
        let name = require_field("conversation", raw.conversation.take())?;
        let title = raw.title.take().unwrap_or_else(|| name.clone());
        let title = truncate(&strip_controls(&title), MAX_TITLE_CHARS);
        if title.trim().is_empty() {
            return Err("conversation is empty".into());
        }
        let id = parse_external_id("id", raw.id.take())?;
        let conversation = derive_conversation_id(&name);
        let body = match raw.members.take() {
            Some(members) => raw.into_members(&members)?,
            None => LineBody::Message(raw.into_message()?),
        };
        let key = match (&id, &body) {
            (Some(id), _) => format!("id:{id}"),
            (None, LineBody::Members { members }) => DuplicateCounter::members_key(members),
            (None, LineBody::Message(message)) => repeats.next_key(
                &conversation,
                &message.sender,
                message.sent_at,
                &message.text,
            ),
        };
        Ok(Self {
            line: number,
            conversation,
            title,
            key,
            id,
            body,
        })
    }

    /// Digests of the conversation and of the sender of a message, for counting distinct ones.
    pub fn digests(&self) -> (TextDigest, Option<TextDigest>) {
        let sender = match &self.body {
            LineBody::Message(message) => Some(TextDigest::from_parts(&[&message.sender])),
            LineBody::Members { .. } => None,
        };
        (TextDigest::from_parts(&[&self.conversation]), sender)
    }
}

impl RawLine<'_> {
    fn into_message(self) -> Result<LineMessage, String> {
        let sender = parse_user("sender", &require_field("sender", self.sender)?)?;
        let sent_at = parse_time("sent_at", &require_field("sent_at", self.sent_at)?)?;
        let text = check_text("text", require_field("text", self.text)?)?;
        let edited_at = self
            .edited_at
            .map(|at| parse_time("edited_at", &at))
            .transpose()?;
        let original = self
            .original
            .map(|text| check_text("original", text))
            .transpose()?;
        if original.is_some() && edited_at.is_none() {
            return Err("has original, but edited_at is missing".into());
        }
        let mut reactions = self.reactions.unwrap_or_default();
        for reaction in &mut reactions {
            reaction.user = parse_user("user of a reaction", &reaction.user)?;
        }
        Ok(LineMessage {
            sender,
            sent_at,
            text,
            reply_to: parse_external_id("reply_to", self.reply_to)?,
            edited_at,
            original,
            reactions,
        })
    }

    /// Parses a line of members instead of a message.
    fn into_members(self, members: &[String]) -> Result<LineBody, String> {
        if self.sender.is_some() || self.sent_at.is_some() || self.text.is_some() {
            return Err("has members and therefore must not have sender, sent_at or text".into());
        }
        let members: Result<_, _> = members
            .iter()
            .map(|name| parse_user("member", name))
            .collect();
        Ok(LineBody::Members { members: members? })
    }
}

fn parse_user(field: &str, name: &str) -> Result<String, String> {
    let name = truncate(&strip_controls(name), MAX_SENDER_CHARS);
    if name.trim().is_empty() {
        return Err(format!("{field} is empty"));
    }
    Ok(name)
}

fn parse_time(field: &str, text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| {
        let text = truncate(text, 40);
        format!("{field} {text:?} is not {}", Timestamp::FORMAT)
    })
}

fn check_text(field: &str, text: Cow<'_, str>) -> Result<String, String> {
    if text.contains('\0') {
        return Err(format!("{field} contains the character U+0000"));
    }
    Ok(text.into_owned())
}

/// The id of the conversation with this name: the name itself if it is a valid id, otherwise an id
/// derived from it.
fn derive_conversation_id(name: &str) -> String {
    match ConversationId::parse(name) {
        Ok(id) if !name.starts_with(DIRECT_ID_PREFIX) => id.as_str().to_owned(),
        _ => {
            let digits = to_hex(&Sha256::digest(name.as_bytes()));
            format!("c_{}", &digits[..DERIVED_ID_DIGITS])
        }
    }
}

fn describe_json_error(text: &str, error: &serde_json::Error) -> String {
    if text.trim_start().starts_with('{') {
        format!("is not a message: {error}")
    } else {
        "is not a JSON object".to_owned()
    }
}

fn require_field<'a>(name: &str, value: Option<Cow<'a, str>>) -> Result<Cow<'a, str>, String> {
    value.ok_or_else(|| format!("{name} is missing"))
}

/// Parses an id of another system: a string or a number.
fn parse_external_id(field: &str, value: Option<Value>) -> Result<Option<String>, String> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) if text.contains('\0') => {
            Err(format!("{field} contains the character U+0000"))
        }
        Some(Value::String(text)) if text.len() > 512 => {
            Err(format!("{field} is longer than 512 bytes"))
        }
        Some(Value::String(text)) => Ok(Some(text)),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(_) => Err(format!("{field} is neither a string nor a number")),
    }
}

fn strip_controls(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

fn truncate(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<ParsedLine, String> {
        ParsedLine::parse(7, json.as_bytes(), &mut DuplicateCounter::default())
    }

    const GOOD: &str = r##"{"conversation":"#rust","sender":"ann","sent_at":"2026-11-01T10:30:00+01:00","text":" hi ","id":"a1","reply_to":5}"##;

    #[test]
    fn line_is_converted_to_the_format_of_the_endpoint() {
        let line = parse(GOOD).expect("valid");
        assert_eq!(
            serde_json::to_value(&line).expect("serialises"),
            serde_json::json!({
                "line": 7, "conversation": "c_229417c755094f6a28f041a3", "title": "#rust", "key": "id:a1", "id": "a1",
                "sender": "ann", "sent_at": "2026-11-01T09:30:00.000Z", "text": " hi ", "reply_to": "5",
            })
        );
    }

    #[test]
    fn edits_reactions_and_members_are_converted() {
        let json = r#"{"conversation":"a","title":"A room","sender":"ann","sent_at":"2026-11-01T09:30:00Z","text":"hi","id":"1",
            "edited_at":"2026-11-01T10:31:00+01:00","original":"ih","reactions":[{"key":"+1","user":"b\u0007en"}]}"#;
        let line = serde_json::to_value(parse(json).expect("valid")).expect("serialises");
        assert_eq!(
            line,
            serde_json::json!({
                "line": 7, "conversation": "a", "title": "A room", "key": "id:1", "id": "1", "sender": "ann",
                "sent_at": "2026-11-01T09:30:00.000Z", "text": "hi", "edited_at": "2026-11-01T09:31:00.000Z",
                "original": "ih", "reactions": [{"key": "+1", "user": "ben"}],
            })
        );
        let joined = parse(r#"{"conversation":"a","members":["ann","ben"]}"#).expect("valid");
        let again = parse(r#"{"conversation":"a","members":["ann","ben"]}"#).expect("valid");
        assert_eq!(joined, again);
        let line = serde_json::to_value(&joined).expect("serialises");
        assert_eq!(line["members"], serde_json::json!(["ann", "ben"]));
        assert!(joined.key.starts_with("m:") && line.get("sender").is_none());
    }

    #[test]
    fn valid_name_is_the_id_and_any_other_id_is_derived() {
        assert_eq!(derive_conversation_id("general"), "general");
        assert_eq!(derive_conversation_id("A-1_b.c"), "A-1_b.c");
        for name in ["d_me", "two words", "#rust", "東京", "", &"x".repeat(65)] {
            let id = derive_conversation_id(name);
            assert!(id.starts_with("c_") && id.len() == 26, "{name} became {id}");
            assert!(ConversationId::parse(&id).is_ok());
            assert_eq!(id, derive_conversation_id(name));
        }
        assert_ne!(derive_conversation_id("#a"), derive_conversation_id("#b"));
    }

    #[test]
    fn senders_and_titles_are_stripped_and_truncated() {
        let name = format!("a\\u0007{}", "é".repeat(300));
        let json = format!(
            r#"{{"conversation":"{name}","sender":"{name}","sent_at":"2026-11-01T09:30:00Z","text":"x"}}"#
        );
        let line = parse(&json).expect("valid");
        let LineBody::Message(message) = &line.body else {
            panic!("is a message");
        };
        assert_eq!(message.sender, format!("a{}", "é".repeat(127)));
        assert_eq!(line.title, format!("a{}", "é".repeat(199)));
    }

    #[test]
    fn rejection_states_its_reason() {
        let with = |field: &str, value: &str| {
            let mut json: serde_json::Map<String, Value> =
                serde_json::from_str(GOOD).expect("json");
            if value.is_empty() {
                json.remove(field);
            } else {
                json.insert(field.into(), serde_json::from_str(value).expect("json"));
            }
            Value::from(json).to_string()
        };
        let cases = [
            ("nonsense".to_owned(), "not a JSON object"),
            ("[1]".to_owned(), "not a JSON object"),
            ("{\"conversation\":".to_owned(), "not a message"),
            (with("conversation", ""), "conversation is missing"),
            (
                with("conversation", "\" \\u0001\""),
                "conversation is empty",
            ),
            (with("sender", "null"), "sender is missing"),
            (with("sender", "\"\\u0001\\u0002\""), "sender is empty"),
            (with("sender", "17"), "not a message"),
            (with("sent_at", "\"yesterday\""), "is not a time"),
            (with("sent_at", ""), "sent_at is missing"),
            (with("text", ""), "text is missing"),
            (with("text", "\"a\\u0000b\""), "U+0000"),
            (with("id", "[]"), "id is neither"),
            (
                with("edited_at", "\"now\""),
                "edited_at \"now\" is not a time",
            ),
            (with("original", "\"x\""), "edited_at is missing"),
            (with("reactions", "[{\"key\":\"x\"}]"), "not a message"),
            (
                with("reactions", "[{\"key\":\"x\",\"user\":\"\"}]"),
                "user of a reaction is empty",
            ),
            (with("members", "[\"ann\"]"), "has members"),
            (
                with("text", "\"x\"").replace("\"x\"", "\"\\ud800\""),
                "not a message",
            ),
        ];
        for (json, reason) in cases {
            let rejection = parse(&json).expect_err(&json);
            assert!(rejection.contains(reason), "{json}: {rejection}");
        }
        let rejection =
            ParsedLine::parse(1, b"{\"text\":\"\xff\"}", &mut DuplicateCounter::default());
        assert_eq!(rejection, Err("is not UTF-8".to_owned()));
    }
}
