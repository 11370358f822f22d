//! A line of an import: the request, the parsed line, and the response.

use domain::conversation::command::ImportItem;
use domain::ids::{ConversationId, Title, UserId};
use domain::limits::Limits;
use event_log::ReceiptKey;
use http_edge::extract::from_json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::payload;

/// A message from another system (`sender`, `sent_at`, `text` and its optional fields), or
/// `members` who joined there.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ImportLine)]
pub(crate) struct ImportLineRequest {
    /// The number of the line, returned in the response.
    line: i64,
    /// The id of a group. Ids that start with `d_` are reserved for direct conversations.
    conversation: String,
    /// The title of the group if it does not exist yet; truncated to 200 characters.
    title: Option<String>,
    /// Identifies the line when it is repeated, if it has no `id`.
    key: Option<String>,
    /// The id of the message in the other system. Identifies the line when it is repeated, and is
    /// what `reply_to` refers to.
    id: Option<String>,
    /// The user who sent the message. Control characters are removed; truncated to 128 characters.
    pub(super) sender: Option<String>,
    /// When the message was sent.
    #[schema(format = DateTime)]
    pub(super) sent_at: Option<String>,
    /// The current text of the message.
    pub(super) text: Option<String>,
    /// The `id` of an earlier message of the conversation; an unknown id is ignored.
    pub(super) reply_to: Option<String>,
    /// When the message was last edited. `text` is the text after that edit.
    #[schema(format = DateTime)]
    pub(super) edited_at: Option<String>,
    /// The original text of an edited message, if known.
    pub(super) original: Option<String>,
    /// The reactions to the message. Reactions beyond the limit of distinct keys are dropped.
    pub(super) reactions: Option<Vec<ImportReaction>>,
    /// Users who join at this point of the conversation without sending a message. A line with
    /// members has no message.
    pub(super) members: Option<Vec<String>>,
}

/// A reaction to an imported message.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ImportReaction {
    /// The reaction: 1 to 32 characters, no control characters.
    pub(super) key: String,
    /// The user who reacted, in the same form as `sender`. Users join with their first message or
    /// reaction.
    pub(super) user: String,
}

/// The number of a line whose other fields may be invalid.
#[derive(Deserialize)]
struct LineNumber {
    line: i64,
}

/// The result of importing one line.
#[derive(Serialize, ToSchema)]
#[schema(as = ImportAnswer)]
pub(crate) struct ImportLineResponse<'a> {
    line: i64,
    status: ImportStatus,
    /// Why the line was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation_id: Option<&'a str>,
    /// The seq of the message; absent for a line of members.
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<i64>,
    /// The number of reactions that were dropped, if any, when the line was imported.
    #[serde(skip_serializing_if = "Option::is_none")]
    reactions_dropped: Option<usize>,
}

/// `imported` by this request, `known` from an earlier import, or `rejected`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ImportStatus {
    Imported,
    Known,
    Rejected,
}

/// The outcome of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LineOutcome {
    /// Imported by this request.
    Imported(ImportedLine),
    /// Imported earlier, or a repetition of a line in this request.
    Known(ImportedLine),
    /// Not imported, for this reason.
    Rejected(String),
}

/// What was imported from a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ImportedLine {
    /// The seq of the message; `None` for a line of members.
    pub(super) seq: Option<i64>,
    /// The number of reactions dropped because of the limit.
    pub(super) dropped_reactions: usize,
}

impl<'a> ImportLineResponse<'a> {
    pub(super) fn new(
        line: i64,
        conversation: Option<&'a ConversationId>,
        outcome: Option<&'a LineOutcome>,
    ) -> Self {
        let (status, reason, taken) = match outcome {
            Some(LineOutcome::Imported(taken)) => (ImportStatus::Imported, None, Some(taken)),
            Some(LineOutcome::Known(taken)) => (ImportStatus::Known, None, Some(taken)),
            Some(LineOutcome::Rejected(reason)) => {
                (ImportStatus::Rejected, Some(reason.as_str()), None)
            }
            None => (
                ImportStatus::Rejected,
                Some("the line was not processed"),
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
                .map(|taken| taken.dropped_reactions)
                .filter(|dropped| *dropped > 0),
        }
    }
}

/// A parsed line.
#[derive(Debug, Clone)]
pub(super) struct ParsedImportLine {
    pub(super) conversation: ConversationId,
    pub(super) title: Option<Title>,
    pub(super) key: ReceiptKey,
    /// The fingerprint of the payload.
    pub(super) fingerprint: u128,
    /// The message or members. The plan resolves the reply of a message, because it knows the other
    /// lines.
    pub(super) payload: ImportItem,
    /// The key of the line that this one replies to.
    pub(super) reply_to: Option<ReceiptKey>,
}

/// Parses a line. Returns its number, or its 1-based position in the request if it has no valid
/// number, and the parsed line or the reason to reject it.
pub(super) fn parse(
    index: usize,
    text: &[u8],
    limits: &Limits,
) -> (i64, Result<ParsedImportLine, String>) {
    match from_json::<ImportLineRequest>(text) {
        Ok(line) => (line.line, ParsedImportLine::parse(line, limits)),
        Err(problem) => {
            let number =
                from_json::<LineNumber>(text).map_or(index as i64 + 1, |number| number.line);
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

impl ParsedImportLine {
    fn parse(line: ImportLineRequest, limits: &Limits) -> Result<Self, String> {
        let conversation = ConversationId::parse(&line.conversation)
            .map_err(|invalid| format!("conversation: {}", invalid.0))?;
        if conversation.is_direct() {
            return Err(
                "conversation: ids that start with d_ are reserved for direct conversations".into(),
            );
        }
        let key = match (&line.id, &line.key) {
            (Some(id), _) => message_id_key(&conversation, id),
            (None, Some(key)) => ReceiptKey::for_import(&conversation, key),
            (None, None) => return Err("key: either id or key is required".into()),
        };
        let title = line
            .title
            .as_deref()
            .and_then(|title| Title::parse(&sanitize(title, 200)).ok());
        let reply_to = line
            .reply_to
            .as_deref()
            .map(|id| message_id_key(&conversation, id));
        let payload = payload::parse(line, limits)?;
        Ok(Self {
            conversation,
            title,
            key,
            fingerprint: payload::fingerprint(&payload),
            payload,
            reply_to,
        })
    }

    /// The first user in the line, who becomes the owner of a group that the line creates.
    pub(super) fn first_user(&self) -> Option<&UserId> {
        match &self.payload {
            ImportItem::Members(users) => users.first(),
            ImportItem::Message(message) => Some(&message.sender),
        }
    }
}

/// The receipt key of a line with a message id.
fn message_id_key(conversation: &ConversationId, id: &str) -> ReceiptKey {
    ReceiptKey::for_import(conversation, &format!("id:{id}"))
}

/// Removes control characters and truncates to `max` characters.
pub(super) fn sanitize(text: &str, max: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(max).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(json: &serde_json::Value) -> (i64, Result<ParsedImportLine, String>) {
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
    fn a_line_is_identified_by_its_id_or_else_its_key() {
        let key = |json| line(&json).1.expect("a valid line").key;
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
    fn names_and_titles_are_sanitized() {
        let sender = |json| {
            let line = line(&json).1.expect("a valid line");
            line.first_user().map(|user| user.as_str().to_owned())
        };
        assert_eq!(sender(with("sender", "a\u{7}nn")), Some("ann".into()));
        assert_eq!(
            sender(with("sender", "a".repeat(200))),
            Some("a".repeat(128))
        );
        let titled = line(&with("title", "t\n".repeat(300)))
            .1
            .expect("a valid line");
        assert_eq!(titled.title.map(String::from), Some("t".repeat(200)));
    }

    #[test]
    fn a_line_has_a_message_or_members() {
        let mut edited = with("edited_at", "2020-01-02T00:00:00Z");
        edited["original"] = "helo".into();
        edited["reactions"] = serde_json::json!([{"key": "+1", "user": "b\u{7}en"}]);
        let ImportItem::Message(message) = line(&edited).1.expect("a valid line").payload else {
            panic!("expected a message");
        };
        let edit = message.edit.expect("an edit");
        assert_eq!(edit.edited_at.to_string(), "2020-01-02T00:00:00.000Z");
        assert_eq!(
            edit.original,
            Some(domain::body::MessageBody::from_text("helo"))
        );
        assert_eq!(message.body, domain::body::MessageBody::from_text("hello"));
        assert_eq!(message.reactions[0].user.as_str(), "ben");
        let joins = serde_json::json!({"line": 3, "conversation": "team", "key": "k", "members": ["ann", "ben"]});
        let joins = line(&joins).1.expect("a valid line");
        assert!(matches!(&joins.payload, ImportItem::Members(users) if users.len() == 2));
        assert_eq!(joins.first_user().map(UserId::as_str), Some("ann"));
    }

    #[test]
    fn invalid_lines_are_rejected_with_a_reason() {
        for (bad, reason) in [
            (with("conversation", "a b"), "conversation: "),
            (with("conversation", "d_1"), "conversation: "),
            (with("sender", "\u{7}"), "sender: "),
            (with("sent_at", "yesterday"), "sent_at: "),
            (with("text", " "), "text: "),
            (with("text", 5), "text: "),
            (with("text", serde_json::Value::Null), "text: is required"),
            (with("edited_at", "yesterday"), "edited_at: "),
            (with("original", "hello"), "original: "),
            (with("members", vec!["ben"]), "sender: not allowed"),
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
                rejected
                    .as_ref()
                    .is_err_and(|found| found.starts_with(reason)),
                "{rejected:?}"
            );
        }
        for (members, reason) in [
            (vec![], "members: expected"),
            (vec!["\u{7}"], "members: is empty"),
            (vec!["ben"; 1_001], "members: 1001 users"),
        ] {
            let json = serde_json::json!({"line": 3, "conversation": "team", "key": "k", "members": members});
            let (_, rejected) = line(&json);
            assert!(
                rejected
                    .as_ref()
                    .is_err_and(|found| found.starts_with(reason)),
                "{rejected:?}"
            );
        }
        let (number, rejected) = parse(6, b"{", &Limits::default());
        assert_eq!(number, 7);
        assert!(rejected.is_err());
    }
}
