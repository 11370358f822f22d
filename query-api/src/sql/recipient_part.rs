//! The part of an entry that only some of its recipients get. Everything else of an entry is the
//! same for all recipients, so live delivery serializes it once.

use http_edge::schema::{ConversationKindSchema, HistorySchema};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::message_view::parse_raw_json;
use crate::error::QueryError;

/// The columns of the recipient part of an entry `v` and its message `g`. The conversation is read
/// only for the user who joined it, in its current state, and its title for the user who is invited
/// to it: while the invitation lasts, or for a member. The note of a join request is read while the
/// request waits, for the user who asked and the owner and admins.
macro_rules! recipient_columns {
    () => {
        "g.client_message_id AS author_key,
         CASE WHEN v.type = 'member_added' AND v.has_subject THEN (
             SELECT json_build_object(
                 'id', n.name, 'kind', n.kind, 'title', n.title, 'history', n.history,
                 'member_count', n.member_count,
                 'members', (SELECT json_agg(w.name ORDER BY f.joined_order)
                             FROM (SELECT x.user_id, x.joined_order FROM read.members x
                                   WHERE x.conversation = n.id AND x.present
                                   ORDER BY x.joined_order LIMIT 10) f
                             JOIN read.users w ON w.id = f.user_id))::text
             FROM read.conversations n WHERE n.id = v.conversation) END AS joined_conversation,
         CASE WHEN v.type = 'invited' THEN (
             SELECT n.title FROM read.conversations n WHERE n.name = v.data::json->>'id'
                 AND (EXISTS (SELECT FROM read.invitations y
                              WHERE y.user_id = -v.conversation AND y.conversation = n.id)
                      OR EXISTS (SELECT FROM read.members y
                                 WHERE y.user_id = -v.conversation AND y.conversation = n.id
                                   AND y.present))) END AS invitation_title,
         CASE WHEN v.type = 'join_requested' THEN (
             SELECT x.note FROM read.join_requests x
             JOIN read.conversations n ON n.id = x.conversation
             JOIN read.users w ON w.id = x.user_id
             WHERE n.name = v.data::json->>'id' AND w.name = v.data::json->>'user'
             AND (x.user_id = -v.conversation
                  OR EXISTS (SELECT FROM read.members y
                             WHERE y.user_id = -v.conversation AND y.conversation = n.id
                             AND y.present AND y.role IN ('owner', 'admin')))) END AS request_note"
    };
}

pub(crate) use recipient_columns;

/// The part of an entry that only some of its recipients get.
#[derive(Debug, Clone)]
pub enum RecipientPart {
    /// The author of a message gets the key that the author's client gave it.
    AuthorKey {
        /// The author.
        author: String,
        /// The key.
        client_message_id: String,
    },
    /// Each of the two members of a new direct conversation gets the other as `peer`.
    Peers([String; 2]),
    /// A user who joined gets the conversation.
    Newcomer {
        /// The user.
        user: String,
        /// The conversation as JSON.
        conversation: String,
    },
}

/// A conversation that the recipient of the entry has joined, in its current state.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct JoinedConversation {
    /// Its id.
    pub id: String,
    /// Its kind.
    #[schema(value_type = ConversationKindSchema)]
    pub kind: String,
    /// Its title.
    #[schema(required = true)]
    pub title: Option<String>,
    /// Which earlier messages new members can see.
    #[schema(value_type = HistorySchema)]
    pub history: String,
    /// The number of members.
    pub member_count: i64,
    /// The first ten members, in the order in which they joined.
    #[serde(default)]
    pub members: Vec<String>,
}

/// The fields of the data of a `conversation_created` or `member_added` entry that matter here.
#[derive(Deserialize)]
struct RecordedData {
    kind: Option<String>,
    members: Option<Vec<String>>,
    user: Option<String>,
}

impl RecipientPart {
    /// The part of a `message_sent` entry.
    pub fn of_message(author: &str, client_message_id: Option<String>) -> Option<Self> {
        client_message_id.map(|client_message_id| Self::AuthorKey {
            author: author.to_owned(),
            client_message_id,
        })
    }

    /// The part of any other entry. `joined` is the conversation that a new member gets.
    pub fn of_entry(
        kind: &str,
        data: &str,
        joined: Option<String>,
    ) -> Result<Option<Self>, QueryError> {
        if kind != "conversation_created" && joined.is_none() {
            return Ok(None);
        }
        let recorded: RecordedData = parse(data)?;
        Ok(match (joined, recorded) {
            (
                Some(joined),
                RecordedData {
                    user: Some(user), ..
                },
            ) => {
                let conversation: JoinedConversation = parse(&joined)?;
                Some(Self::Newcomer {
                    user,
                    conversation: to_json(&conversation)?,
                })
            }
            (None, RecordedData { kind, members, .. }) if kind.as_deref() == Some("direct") => {
                let pair = members.and_then(|members| <[String; 2]>::try_from(members).ok());
                pair.map(Self::Peers)
            }
            _ => None,
        })
    }

    /// The users who get something that the others do not.
    pub fn users(&self) -> &[String] {
        match self {
            Self::AuthorKey { author: only, .. } | Self::Newcomer { user: only, .. } => {
                std::slice::from_ref(only)
            }
            Self::Peers(pair) => pair,
        }
    }

    /// Whether this user gets something that the others do not.
    pub fn concerns(&self, user: &str) -> bool {
        self.users().iter().any(|concerned| concerned == user)
    }

    /// The key of the message, if this user is its author.
    pub fn client_message_id_for(&self, user: &str) -> Option<&str> {
        match self {
            Self::AuthorKey {
                author,
                client_message_id,
            } if author == user => Some(client_message_id),
            _ => None,
        }
    }

    /// The data of an entry with what this user gets; `None` if that is nothing more.
    pub fn extend(&self, data: &RawValue, user: &str) -> Result<Option<Box<RawValue>>, QueryError> {
        if !self.concerns(user) {
            return Ok(None);
        }
        match self {
            Self::AuthorKey { .. } => Ok(None),
            Self::Peers([one, other]) => {
                let peer = if one == user { other } else { one };
                append_field(data, "peer", &to_json(peer)?).map(Some)
            }
            Self::Newcomer { conversation, .. } => {
                append_field(data, "conversation", conversation).map(Some)
            }
        }
    }
}

/// The data of an entry `invited` with the title of the group.
pub fn with_title(data: &RawValue, title: Option<&str>) -> Result<Box<RawValue>, QueryError> {
    append_field(data, "title", &to_json(&title)?)
}

/// The data of an entry `join_requested` with the note of the request.
pub fn with_note(data: &RawValue, note: Option<&str>) -> Result<Box<RawValue>, QueryError> {
    append_field(data, "note", &to_json(&note)?)
}

/// Adds a field at the end of a JSON object that has other fields.
fn append_field(data: &RawValue, name: &str, json: &str) -> Result<Box<RawValue>, QueryError> {
    let text = data.get();
    let open = text.strip_suffix('}').unwrap_or(text);
    let whole = format!("{open},\"{name}\":{json}}}");
    Ok(parse_raw_json("an entry", Some(whole))?.unwrap_or_default())
}

fn parse<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, QueryError> {
    serde_json::from_str(json).map_err(|error| corrupt(&error))
}

fn to_json(value: &(impl Serialize + ?Sized)) -> Result<String, QueryError> {
    serde_json::to_string(value).map_err(|error| corrupt(&error))
}

fn corrupt(error: &serde_json::Error) -> QueryError {
    QueryError::Corrupt {
        value: "an entry",
        reason: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(part: Option<RecipientPart>, data: &str, user: &str) -> String {
        let data = RawValue::from_string(data.to_owned()).unwrap();
        let extended = part.unwrap().extend(&data, user).unwrap();
        extended.unwrap_or(data).get().to_owned()
    }

    #[test]
    fn each_member_of_a_direct_conversation_gets_the_other() {
        let data = r#"{"kind":"direct","by":"ann","member_count":2,"members":["ann","b\"b"]}"#;
        let part = || RecipientPart::of_entry("conversation_created", data, None).unwrap();
        let with = |peer: &str| data.replace(']', &format!(r#"],"peer":{peer}"#));
        assert_eq!(received(part(), data, "ann"), with(r#""b\"b""#));
        assert_eq!(received(part(), data, "b\"b"), with(r#""ann""#));
        assert_eq!(received(part(), data, "eve"), data);
        let group = data.replace("direct", "group");
        assert!(
            RecipientPart::of_entry("conversation_created", &group, None)
                .unwrap()
                .is_none()
        );
        // An entry of an older projector has no members.
        let old = r#"{"id":"d_1","kind":"direct","title":null,"history":"all"}"#;
        assert!(
            RecipientPart::of_entry("conversation_created", old, None)
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn only_the_user_who_joined_gets_the_conversation() {
        let data = r#"{"user":"bob","role":"member","by":"ann"}"#;
        let joined = r#"{"id" : "c", "kind" : "group", "title" : null, "history" : "all",
                         "member_count" : 2, "members" : ["ann", "bob"]}"#;
        let part =
            || RecipientPart::of_entry("member_added", data, Some(joined.to_owned())).unwrap();
        assert_eq!(received(part(), data, "ann"), data);
        assert_eq!(
            received(part(), data, "bob"),
            r#"{"user":"bob","role":"member","by":"ann","conversation":{"id":"c","kind":"group","title":null,"history":"all","member_count":2,"members":["ann","bob"]}}"#
        );
        assert!(
            RecipientPart::of_entry("member_added", data, None)
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn only_the_author_is_concerned_by_the_key_of_a_message() {
        let part = RecipientPart::of_message("ann", Some("k".into())).unwrap();
        assert_eq!(part.client_message_id_for("ann"), Some("k"));
        assert!(part.concerns("ann") && !part.concerns("bob"));
        assert_eq!(part.client_message_id_for("bob"), None);
        assert!(RecipientPart::of_message("ann", None).is_none());
    }
}
