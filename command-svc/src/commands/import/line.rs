//! A line of an import: as it is sent, parsed, and answered.

use domain::conversation::command::Imported;
use domain::ids::{ConversationId, Title, UserId};
use domain::limits::Limits;
use event_log::Key;
use http_edge::extract::from_json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::what;

/// One message that was sent elsewhere (`sender`, `sent_at`, `text` and what else is said of it), or
/// `members` who joined there.
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
    pub(super) sender: Option<String>,
    #[schema(format = DateTime)]
    pub(super) sent_at: Option<String>,
    pub(super) text: Option<String>,
    /// The `id` of an earlier message of the conversation; one that is not known is dropped.
    pub(super) reply_to: Option<String>,
    /// When the sender last edited it there. `text` is what it says since then.
    #[schema(format = DateTime)]
    pub(super) edited_at: Option<String>,
    /// What an edited message said at first, if that is known.
    pub(super) original: Option<String>,
    /// Who reacted there. Reactions with a `key` beyond the limit of different ones are dropped.
    pub(super) reactions: Option<Vec<ImportReaction>>,
    /// Users who join where this line stands, without having written. A line that has them has no
    /// message.
    pub(super) members: Option<Vec<String>>,
}

/// A reaction to a message that was sent elsewhere.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ImportReaction {
    /// 1 to 32 characters, none of them a control character.
    pub(super) key: String,
    /// As `sender`. Joins with the first message or reaction.
    pub(super) user: String,
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
    /// A line of members has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<i64>,
    /// How many reactions were dropped, if any, when the line was imported.
    #[serde(skip_serializing_if = "Option::is_none")]
    reactions_dropped: Option<usize>,
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
    /// Taken in.
    Imported(Taken),
    /// Taken in before.
    Known(Taken),
    /// Not taken in.
    Rejected(String),
}

/// What a line that was taken in has become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Taken {
    /// The message's seq; `None` for a line of members.
    pub(super) seq: Option<i64>,
    /// Reactions that had no room.
    pub(super) dropped: usize,
}

impl<'a> ImportAnswer<'a> {
    pub(super) fn of(
        line: i64,
        conversation: Option<&'a ConversationId>,
        verdict: Option<&'a Verdict>,
    ) -> Self {
        let (status, reason, taken) = match verdict {
            Some(Verdict::Imported(taken)) => (ImportStatus::Imported, None, Some(taken)),
            Some(Verdict::Known(taken)) => (ImportStatus::Known, None, Some(taken)),
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
            seq: taken.and_then(|taken| taken.seq),
            reactions_dropped: taken
                .map(|taken| taken.dropped)
                .filter(|dropped| *dropped > 0),
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
    /// What it says. A message's answer is left to the plan, which knows the other lines.
    pub(super) what: Imported,
    /// The key of the line that it answers.
    pub(super) reply_to: Option<Key>,
}

/// The line's number (its place in the request, from 1, if none can be read), and the line or why
/// it is rejected.
pub(super) fn parse(index: usize, text: &[u8], limits: &Limits) -> (i64, Result<Line, String>) {
    match from_json::<ImportLine>(text) {
        Ok(line) => (line.line, Line::parse(line, limits)),
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
    fn parse(line: ImportLine, limits: &Limits) -> Result<Self, String> {
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
        let title = line
            .title
            .as_deref()
            .and_then(|title| Title::parse(&cut(title, 200)).ok());
        let reply_to = line
            .reply_to
            .as_deref()
            .map(|id| key_of_id(&conversation, id));
        let what = what::of(line, limits)?;
        Ok(Self {
            conversation,
            title,
            key,
            fingerprint: what::fingerprint(&what),
            what,
            reply_to,
        })
    }

    /// Whoever the line names first; a group that begins with it is theirs.
    pub(super) fn first_user(&self) -> Option<&UserId> {
        match &self.what {
            Imported::Joined(users) => users.first(),
            Imported::Message(message) => Some(&message.sender),
        }
    }
}

fn key_of_id(conversation: &ConversationId, id: &str) -> Key {
    Key::import(conversation, &format!("id:{id}"))
}

/// Without control characters, and at most so many of the others.
pub(super) fn cut(text: &str, most: usize) -> String {
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
        let sender = |json| {
            let line = line(&json).1.expect("legal");
            line.first_user().map(|user| user.as_str().to_owned())
        };
        assert_eq!(sender(with("sender", "a\u{7}nn")), Some("ann".into()));
        assert_eq!(
            sender(with("sender", "a".repeat(200))),
            Some("a".repeat(128))
        );
        let titled = line(&with("title", "t\n".repeat(300))).1.expect("legal");
        assert_eq!(titled.title.map(String::from), Some("t".repeat(200)));
    }

    #[test]
    fn a_line_has_a_message_or_members() {
        let mut edited = with("edited_at", "2020-01-02T00:00:00Z");
        edited["original"] = "helo".into();
        edited["reactions"] = serde_json::json!([{"key": "+1", "user": "b\u{7}en"}]);
        let Imported::Message(message) = line(&edited).1.expect("legal").what else {
            panic!("is a message");
        };
        let edit = message.edit.expect("was edited");
        assert_eq!(edit.edited_at.to_string(), "2020-01-02T00:00:00.000Z");
        assert_eq!(edit.original, Some(domain::body::Body::text("helo")));
        assert_eq!(message.body, domain::body::Body::text("hello"));
        assert_eq!(message.reactions[0].user.as_str(), "ben");
        let joins = serde_json::json!({"line": 3, "conversation": "team", "key": "k", "members": ["ann", "ben"]});
        let joins = line(&joins).1.expect("legal");
        assert!(matches!(&joins.what, Imported::Joined(users) if users.len() == 2));
        assert_eq!(joins.first_user().map(UserId::as_str), Some("ann"));
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
            (with("text", serde_json::Value::Null), "text: is missing"),
            (with("edited_at", "yesterday"), "edited_at: "),
            (with("original", "hello"), "original: "),
            (with("members", vec!["ben"]), "sender: a line with members"),
            (
                with("reactions", serde_json::json!([{"key": "", "user": "ben"}])),
                "reactions.key: ",
            ),
            (
                with(
                    "reactions",
                    serde_json::json!([{"key": "+1", "user": "\u{7}"}]),
                ),
                "reactions.user: ",
            ),
            (
                with("reactions", serde_json::json!([{"user": "ben"}])),
                "reactions",
            ),
        ] {
            let (number, rejected) = line(&bad);
            assert_eq!(number, 3);
            assert!(
                rejected.as_ref().is_err_and(|why| why.starts_with(reason)),
                "{rejected:?}"
            );
        }
        for (members, reason) in [
            (vec![], "members: nobody"),
            (vec!["\u{7}"], "members: nothing is left"),
            (vec!["ben"; 1_001], "members: 1001 users"),
        ] {
            let json = serde_json::json!({"line": 3, "conversation": "team", "key": "k", "members": members});
            let (_, rejected) = line(&json);
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
