//! A line of an import: as it is sent, parsed, and answered.

use domain::body::{Body, MessageType};
use domain::digest;
use domain::ids::{ConversationId, Title, UserId};
use domain::limits::Limits;
use domain::time::Timestamp;
use event_log::Key;
use http_edge::extract::from_json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One message that was sent elsewhere.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ImportLine {
    /// The line's number, for the answer.
    line: i64,
    /// A legal own id.
    conversation: String,
    /// The group's name if it does not exist yet; cut at 200 characters.
    title: Option<String>,
    /// What the line is known again by, if it has no `id`.
    key: Option<String>,
    /// The message's id there: what the line is known again by, and what `reply_to` names.
    id: Option<String>,
    /// Control characters are dropped, and it is cut at 128 characters.
    sender: String,
    #[schema(format = DateTime)]
    sent_at: String,
    text: String,
    /// The `id` of an earlier message of the conversation; one that is not known is dropped.
    reply_to: Option<String>,
}

/// The line's number, if that much can be read.
#[derive(Deserialize)]
struct Number {
    line: i64,
}

/// What became of one line.
#[derive(Serialize, ToSchema)]
pub(crate) struct ImportAnswer<'a> {
    line: i64,
    status: ImportStatus,
    /// Why a line was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<i64>,
}

/// `imported` now, `known` from before, or `rejected`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ImportStatus {
    Imported,
    Known,
    Rejected,
}

/// What becomes of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Taken in, at this seq.
    Imported(i64),
    /// Taken in before, at this seq.
    Known(i64),
    /// Not taken in.
    Rejected(String),
}

impl<'a> ImportAnswer<'a> {
    pub(super) fn of(
        line: i64,
        conversation: Option<&'a ConversationId>,
        verdict: Option<&'a Verdict>,
    ) -> Self {
        let (status, reason, seq) = match verdict {
            Some(Verdict::Imported(seq)) => (ImportStatus::Imported, None, Some(*seq)),
            Some(Verdict::Known(seq)) => (ImportStatus::Known, None, Some(*seq)),
            Some(Verdict::Rejected(reason)) => {
                (ImportStatus::Rejected, Some(reason.as_str()), None)
            }
            None => (
                ImportStatus::Rejected,
                Some("the line was not looked at"),
                None,
            ),
        };
        let conversation_id = conversation.map(ConversationId::as_str);
        Self {
            line,
            status,
            reason,
            conversation_id,
            seq,
        }
    }
}

/// A line, parsed.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) conversation: ConversationId,
    pub(super) title: Option<Title>,
    pub(super) key: Key,
    /// Of what is taken in.
    pub(super) fingerprint: u128,
    pub(super) sender: UserId,
    pub(super) sent_at: Timestamp,
    pub(super) body: Body,
    /// The key of the line that it answers.
    pub(super) reply_to: Option<Key>,
}

/// The line's number (its place in the request, from 1, if none can be read), and the line or why
/// it is rejected.
pub(super) fn parse(index: usize, text: &[u8], limits: &Limits) -> (i64, Result<Line, String>) {
    match from_json::<ImportLine>(text) {
        Ok(line) => (line.line, Line::parse(&line, limits)),
        Err(problem) => {
            let number = from_json::<Number>(text).map_or(index as i64 + 1, |number| number.line);
            let reason = match problem.errors().first() {
                Some(error) if !error.field.is_empty() => {
                    format!("{}: {}", error.field, error.message)
                }
                Some(error) => error.message.clone(),
                None => problem.detail().to_owned(),
            };
            (number, Err(reason))
        }
    }
}

impl Line {
    fn parse(line: &ImportLine, limits: &Limits) -> Result<Self, String> {
        let conversation = ConversationId::parse(&line.conversation)
            .map_err(|invalid| format!("conversation: {}", invalid.0))?;
        if conversation.is_direct() {
            return Err("conversation: d_ is the beginning of direct conversations' ids".into());
        }
        let key = match (&line.id, &line.key) {
            (Some(id), _) => key_of_id(&conversation, id),
            (None, Some(key)) => Key::import(&conversation, key),
            (None, None) => return Err("key: a line needs an id or a key".into()),
        };
        let sender = UserId::parse(&cut(&line.sender, 128))
            .map_err(|_| "sender: nothing is left of it without control characters".to_owned())?;
        let sent_at = Timestamp::parse(&line.sent_at).ok_or_else(|| {
            "sent_at: expected a time such as 2026-11-01T09:30:00.000Z".to_owned()
        })?;
        let value = serde_json::json!({ "text": line.text });
        let body = Body::parse(MessageType::Text, &value, limits)
            .map_err(|refusal| format!("text: {}", refusal.detail))?;
        let fingerprint = digest::of(&[
            b"import",
            sender.as_str().as_bytes(),
            &sent_at.millis().to_be_bytes(),
            body.as_json().as_bytes(),
        ]);
        let title = line
            .title
            .as_deref()
            .and_then(|title| Title::parse(&cut(title, 200)).ok());
        let reply_to = line
            .reply_to
            .as_deref()
            .map(|id| key_of_id(&conversation, id));
        Ok(Self {
            conversation,
            title,
            key,
            fingerprint,
            sender,
            sent_at,
            body,
            reply_to,
        })
    }
}

fn key_of_id(conversation: &ConversationId, id: &str) -> Key {
    Key::import(conversation, &format!("id:{id}"))
}

/// Without control characters, and at most so many of the others.
fn cut(text: &str, most: usize) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(most)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(json: &serde_json::Value) -> (i64, Result<Line, String>) {
        parse(6, json.to_string().as_bytes(), &Limits::default())
    }

    fn good() -> serde_json::Value {
        serde_json::json!({"line": 3, "conversation": "team", "id": "m1", "sender": "ann",
            "sent_at": "2020-01-01T00:00:00Z", "text": "hello"})
    }

    fn with(field: &str, value: impl Into<serde_json::Value>) -> serde_json::Value {
        let mut line = good();
        line[field] = value.into();
        line
    }

    #[test]
    fn a_line_is_known_by_its_id_or_else_its_key() {
        let key = |json| line(&json).1.expect("legal").key;
        assert_eq!(key(good()), key(with("key", "anything")));
        assert_eq!(
            key(with("id", serde_json::Value::Null).with_key("id:m1")),
            key(good())
        );
        assert_ne!(key(with("conversation", "other")), key(good()));
        let (_, neither) = line(&with("id", serde_json::Value::Null));
        assert!(neither.is_err());
    }

    trait WithKey {
        fn with_key(self, key: &str) -> Self;
    }

    impl WithKey for serde_json::Value {
        fn with_key(mut self, key: &str) -> Self {
            self["key"] = key.into();
            self
        }
    }

    #[test]
    fn what_can_be_mended_is_mended() {
        let mended = line(&with("sender", "a\u{7}nn")).1.expect("legal");
        assert_eq!(mended.sender.as_str(), "ann");
        let long = line(&with("sender", "a".repeat(200))).1.expect("legal");
        assert_eq!(long.sender.as_str().len(), 128);
        let titled = line(&with("title", "t\n".repeat(300))).1.expect("legal");
        assert_eq!(titled.title.map(String::from), Some("t".repeat(200)));
    }

    #[test]
    fn what_cannot_be_taken_says_why() {
        for (bad, reason) in [
            (with("conversation", "a b"), "conversation: "),
            (with("conversation", "d_1"), "conversation: "),
            (with("sender", "\u{7}"), "sender: "),
            (with("sent_at", "yesterday"), "sent_at: "),
            (with("text", " "), "text: "),
            (with("text", 5), "text: "),
        ] {
            let (number, rejected) = line(&bad);
            assert_eq!(number, 3);
            assert!(
                rejected.as_ref().is_err_and(|why| why.starts_with(reason)),
                "{rejected:?}"
            );
        }
        let (number, rejected) = parse(6, b"{", &Limits::default());
        assert_eq!(number, 7);
        assert!(rejected.is_err());
    }
}
