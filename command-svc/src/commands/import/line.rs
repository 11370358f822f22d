//! Parses a line of an import.

use domain::body::MessageBody;
use domain::conversation::command::ImportItem;
use domain::ids::{ConversationId, MAX_TITLE_CHARS, Title, UserId, clean_imported_name};
use domain::limits::Limits;
use domain::time::Timestamp;
use event_log::{LogError, ReceiptKey};
use http_edge::extract::{UnknownNames, from_json};

use super::destination::ImportDestination;
use super::payload;
use super::request::{EarlierLine, ImportLineRequest, LineNumber};
use crate::commands::used_file;
use crate::state::CommandState;

/// A parsed line.
#[derive(Debug, Clone)]
pub(super) struct ParsedImportLine {
    pub(super) destination: ImportDestination,
    pub(super) title: Option<Title>,
    pub(super) key: ReceiptKey,
    /// The key under which an earlier release imported it, if it did.
    pub(super) earlier: Option<ReceiptKey>,
    /// The fingerprint of the payload.
    pub(super) fingerprint: u128,
    /// The message or members. The plan resolves the reply of a message, because it knows the other
    /// lines.
    pub(super) payload: ImportItem,
    /// Why the sender cannot use the file that the message names, if so.
    pub(super) file_refusal: Option<String>,
    /// The key of the line that this one replies to.
    pub(super) reply_to: Option<ReceiptKey>,
    /// The key of the line whose thread this one belongs to.
    pub(super) thread: Option<ReceiptKey>,
}

impl ParsedImportLine {
    /// Completes the message with what the file that it names is.
    pub(super) async fn complete_file(&mut self, state: &CommandState) -> Result<(), LogError> {
        let ImportItem::Message(message) = &mut self.payload else {
            return Ok(());
        };
        let (sender, kind) = (&message.sender, message.kind);
        let completed = used_file::complete(state, sender, kind, &message.body).await?;
        let completed = completed.and_then(|completed| {
            let parse = |body| MessageBody::parse(kind, &body, state.limits());
            completed.map(parse).transpose()
        });
        match completed {
            Ok(Some(body)) => {
                message.kind = body.type_of_file();
                message.body = body;
            }
            Ok(None) => {}
            Err(refusal) => {
                let field = refusal.field.unwrap_or("body");
                self.file_refusal = Some(format!("{field}: {}", refusal.detail));
            }
        }
        Ok(())
    }
}

/// A line of a request.
#[derive(Debug)]
pub(super) struct NumberedLine {
    /// Its number, or its 1-based position in the request if it has no valid number.
    pub(super) number: i64,
    /// What was parsed, or the reason to reject it.
    pub(super) parsed: Result<ParsedImportLine, String>,
    /// The fields that no line has, which are not imported.
    pub(super) ignored: Vec<String>,
}

/// Parses a line.
pub(super) fn parse(index: usize, text: &[u8], limits: &Limits) -> NumberedLine {
    // A line may have fields for other importers. The answer names them.
    let unknown = UnknownNames::ignore();
    let (number, parsed) = match from_json::<ImportLineRequest>(text, &unknown) {
        Ok(line) => (line.line, ParsedImportLine::parse(line, limits)),
        Err(problem) => {
            let number = from_json::<LineNumber>(text, &unknown)
                .map_or(index as i64 + 1, |number| number.line);
            let reason = match problem.errors().first() {
                Some(error) if !error.field.is_empty() => {
                    format!("{}: {}", error.field, error.message)
                }
                Some(error) => error.message.clone(),
                None => problem.detail().to_owned(),
            };
            (number, Err(reason))
        }
    };
    NumberedLine {
        number,
        parsed,
        ignored: unknown.ignored(),
    }
}

impl ParsedImportLine {
    fn parse(line: ImportLineRequest, limits: &Limits) -> Result<Self, String> {
        let destination = ImportDestination::parse(&line)?;
        let key = match (&line.id, &line.key) {
            (Some(id), _) => format!("id:{id}"),
            (None, Some(key)) => key.clone(),
            (None, None) => return Err("key: either id or key is required".into()),
        };
        let earlier = match &line.earlier {
            Some(earlier) => Some(parse_earlier(earlier)?),
            None => destination.preferred_key(&key),
        };
        let title = line
            .title
            .as_deref()
            .and_then(|title| Title::parse(&clean_imported_name(title, MAX_TITLE_CHARS)).ok());
        let key_of = |id: &Option<String>| {
            let id = id.as_deref();
            id.map(|id| ReceiptKey::for_import(&destination.conversation, &format!("id:{id}")))
        };
        let (reply_to, thread) = (key_of(&line.reply_to), key_of(&line.thread));
        let payload = payload::parse(line, limits)?;
        Ok(Self {
            key: ReceiptKey::for_import(&destination.conversation, &key),
            destination,
            title,
            earlier,
            fingerprint: payload::fingerprint(&payload),
            payload,
            file_refusal: None,
            reply_to,
            thread,
        })
    }

    /// The first user in the line, who becomes the owner of a group that the line creates.
    pub(super) fn first_user(&self) -> Option<&UserId> {
        match &self.payload {
            ImportItem::Members { users, .. } => users.first(),
            ImportItem::Message(message) => Some(&message.sender),
        }
    }

    /// When what the line contains happened in the source system, if that is known.
    pub(super) fn occurred_at(&self) -> Option<Timestamp> {
        match &self.payload {
            ImportItem::Members { joined_at, .. } => *joined_at,
            ImportItem::Message(message) => Some(message.sent_at),
        }
    }
}

fn parse_earlier(earlier: &EarlierLine) -> Result<ReceiptKey, String> {
    let conversation = ConversationId::parse_group(&earlier.conversation)
        .map_err(|invalid| format!("earlier.conversation: {}", invalid.0))?;
    Ok(ReceiptKey::for_import(&conversation, &earlier.key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(json: &serde_json::Value) -> (i64, Result<ParsedImportLine, String>) {
        let line = parse(6, json.to_string().as_bytes(), &Limits::default());
        (line.number, line.parsed)
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
    fn names_and_titles_are_cleaned() {
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
        assert_eq!(edit.original, Some(MessageBody::from_text("helo")));
        assert_eq!(message.body, MessageBody::from_text("hello"));
        assert_eq!(message.reactions[0].user.as_str(), "ben");
        let joins = serde_json::json!({"line": 3, "conversation": "team", "key": "k", "members": ["ann", "ben"]});
        let joins = line(&joins).1.expect("a valid line");
        let is_pair = |item: &ImportItem| matches!(item, ImportItem::Members { users, joined_at: None } if users.len() == 2);
        assert!(is_pair(&joins.payload));
        assert_eq!(joins.first_user().map(UserId::as_str), Some("ann"));
        assert_eq!(joins.occurred_at(), None);
        let at = "2019-01-01T00:00:00.000Z";
        let joins = serde_json::json!({"line": 3, "conversation": "team", "key": "k",
            "members": ["ann", "ben"], "joined_at": at});
        let timed = line(&joins).1.expect("a valid line");
        assert_eq!(timed.occurred_at(), Timestamp::parse(at));
    }

    fn assert_rejected(json: &serde_json::Value, reason: &str) {
        let (number, rejected) = line(json);
        assert_eq!(number, 3);
        let found = rejected.expect_err(reason);
        assert!(found.starts_with(reason), "{found}");
    }

    #[test]
    fn invalid_lines_are_rejected_with_a_reason() {
        for (bad, reason) in [
            (with("sender", "\u{7}"), "sender: "),
            (with("sent_at", "yesterday"), "sent_at: "),
            (with("text", " "), "text: "),
            (with("text", 5), "text: "),
            (with("text", serde_json::Value::Null), "text: is required"),
            (with("edited_at", "yesterday"), "edited_at: "),
            (with("original", "hello"), "original: "),
            (with("members", vec!["ben"]), "sender: not allowed"),
            (
                with("joined_at", "2020-01-01T00:00:00Z"),
                "joined_at: allowed only",
            ),
        ] {
            assert_rejected(&bad, reason);
        }
        let line = parse(6, b"{", &Limits::default());
        assert_eq!(line.number, 7);
        assert!(line.parsed.is_err());
    }

    #[test]
    fn fields_that_no_line_has_are_named() {
        let mut json = with("titel", "Team");
        json["reactions"] = serde_json::json!([{"key": "+1", "user": "ben", "skin": 1}]);
        let line = parse(6, json.to_string().as_bytes(), &Limits::default());
        assert!(line.parsed.is_ok());
        assert_eq!(line.ignored, ["reactions.0.skin", "titel"]);
    }

    #[test]
    fn invalid_destinations_are_rejected_with_a_reason() {
        let earlier = serde_json::json!({"conversation": "d_1", "key": "k"});
        for (bad, reason) in [
            (with("conversation", "a b"), "conversation: "),
            (with("conversation", "d_1"), "conversation: "),
            (with("conversation", ".."), "conversation: "),
            (with("preferred", "d_1"), "preferred: "),
            (with("source", "x".repeat(257)), "source: "),
            (with("direct", vec!["ann"]), "direct: expected two users"),
            (
                with("direct", vec!["ann", "ann"]),
                "direct: expected two different",
            ),
            (with("earlier", earlier), "earlier.conversation: "),
        ] {
            assert_rejected(&bad, reason);
        }
    }

    #[test]
    fn invalid_reactions_are_rejected_with_a_reason() {
        for (reaction, reason) in [
            (
                serde_json::json!({"key": "", "user": "ben"}),
                "reactions.key: ",
            ),
            (
                serde_json::json!({"key": ".", "user": "ben"}),
                "reactions.key: ",
            ),
            (
                serde_json::json!({"key": "+1", "user": "\u{7}"}),
                "reactions.user: ",
            ),
            (serde_json::json!({"user": "ben"}), "reactions"),
        ] {
            assert_rejected(&with("reactions", vec![reaction]), reason);
        }
    }

    #[test]
    fn invalid_members_are_rejected_with_a_reason() {
        for (members, reason) in [
            (vec![], "members: expected"),
            (vec!["\u{7}"], "members: is empty"),
            (vec!["ben"; 1_001], "members: 1001 users"),
        ] {
            let json = serde_json::json!({"line": 3, "conversation": "team", "key": "k", "members": members});
            assert_rejected(&json, reason);
        }
    }
}
