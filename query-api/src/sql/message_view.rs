//! The JSON shape of a message, and the columns from which it is built.

use domain::body::MessageBody;
use domain::time::Timestamp;
use http_edge::schema::MessageTypeSchema;
use http_edge::schema::message_body::MessageBodySchema;
use read_model::live_entry::{LiveEntry, LiveMessage};
use serde::Serialize;
use serde_json::value::RawValue;
use sqlx::Row;
use sqlx::postgres::PgRow;
use sqlx::types::time::OffsetDateTime;
use utoipa::ToSchema;

use super::message_file::MessageFileView;
use super::message_reactions::{MessageReactions, ReactionUsersSchema};
use super::thread_replies::ThreadReplies;
use crate::error::QueryError;

/// The length of the longest list of messages whose reactions list their users. Longer lists have
/// summaries.
const MAX_MESSAGES_WITH_USERS: usize = 50;

/// The columns of a message `g` (a row of `read.messages`, or nulls) in the conversation whose name
/// is the expression `$conversation`. `$caller` is the id of the caller, or null: only the author
/// of a message gets the key that their client gave it.
macro_rules! message_columns {
    ($conversation:literal, $caller:expr) => {
        concat!(
            $conversation, " AS conversation_name, g.seq AS message_seq, g.position AS message_position,
            (SELECT sender.name FROM read.users sender WHERE sender.id = g.sender) AS sender_name,
            g.type AS message_type, CASE WHEN NOT g.recalled THEN g.body END AS body, g.reply_to, g.thread,
            g.mentions, g.sent_at, g.edited_at, g.recalled,
            CASE WHEN g.sender = ", $caller, " THEN g.client_message_id END AS client_message_id, ",
            $crate::sql::message_reactions::reactions_column!($caller), ", ",
            $crate::sql::thread_replies::replies_column!($caller)
        )
    };
}

pub(crate) use message_columns;

/// A message in its current state.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Message)]
pub struct MessageView {
    /// The conversation to which it was sent.
    pub conversation_id: String,
    /// Its number in the conversation: 1, 2, 3, ...
    pub seq: i64,
    /// The log position at which it was sent.
    pub position: i64,
    /// The user who sent it.
    pub sender: String,
    /// The type of the message.
    #[serde(rename = "type")]
    #[schema(value_type = MessageTypeSchema)]
    pub kind: String,
    /// The newest body; null once the message is recalled.
    #[schema(value_type = Option<MessageBodySchema>, required = true)]
    pub body: Option<Box<RawValue>>,
    /// The file that it uses; absent if it uses none, or is recalled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub file: Option<MessageFileView>,
    /// The seq of the message to which it replies.
    #[schema(required = true)]
    pub reply_to: Option<i64>,
    /// The seq of the root of the thread that it belongs to.
    #[schema(required = true)]
    pub thread: Option<i64>,
    /// The replies in its thread, if it has any. Live delivery leaves it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = ThreadReplies, required = false)]
    pub replies: Option<ThreadReplies>,
    /// The users whom it mentions.
    #[schema(value_type = Vec<String>)]
    pub mentions: Box<RawValue>,
    /// When it was sent.
    #[schema(value_type = String, format = DateTime)]
    pub sent_at: Timestamp,
    /// When it was last edited.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub edited_at: Option<Timestamp>,
    /// Whether the sender recalled it for everyone.
    pub recalled: bool,
    /// The users by reaction key, in the order of their reactions, up to a hundred for each key; or
    /// a summary by key, if the call asked for it or the list has more than 50 messages.
    #[schema(value_type = std::collections::HashMap<String, ReactionUsersSchema>)]
    pub reactions: MessageReactions,
    /// True if `reactions` leaves out users; absent otherwise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub truncated: bool,
    /// The key that the author's client gave it, for the author alone: it tells which pending
    /// message this is. Absent for all others, and if the message was imported or erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_message_id: Option<String>,
}

impl MessageView {
    /// Builds a message from a row with the columns of `message_columns!`. Returns `None` if the
    /// row has no message.
    pub fn from_row(row: &PgRow) -> Result<Option<Self>, QueryError> {
        let Some(seq) = row.try_get("message_seq")? else {
            return Ok(None);
        };
        let mentions: Option<String> = row.try_get("mentions")?;
        let mentions = mentions.unwrap_or_else(|| "[]".to_owned());
        let reactions = MessageReactions::parse(row.try_get("reactions")?)?;
        let kind: String = row.try_get("message_type")?;
        let body = parse_raw_json("a body", row.try_get("body")?)?;
        Ok(Some(Self {
            conversation_id: row.try_get("conversation_name")?,
            seq,
            position: row.try_get("message_position")?,
            sender: row.try_get("sender_name")?,
            file: MessageFileView::from_named(&kind, body.as_deref()),
            kind,
            body,
            reply_to: row.try_get("reply_to")?,
            thread: row.try_get("thread")?,
            replies: ThreadReplies::parse(row.try_get("replies")?)?,
            mentions: parse_raw_json("mentions", Some(mentions))?.unwrap_or_default(),
            sent_at: row.try_get::<OffsetDateTime, _>("sent_at")?.into(),
            edited_at: row
                .try_get::<Option<OffsetDateTime>, _>("edited_at")?
                .map(Into::into),
            recalled: row.try_get("recalled")?,
            truncated: reactions.is_truncated(),
            reactions,
            client_message_id: row.try_get("client_message_id")?,
        }))
    }
}

impl MessageView {
    /// Builds a message that was just sent: not edited, not recalled, without reactions, and as
    /// users other than its author get it.
    pub fn from_live_entry(entry: &LiveEntry, sent: &LiveMessage) -> Result<Self, QueryError> {
        let json = |body: &MessageBody| body.as_json().to_owned();
        let mentions = sent.mentions.as_deref().unwrap_or("[]").to_owned();
        let body = parse_raw_json("a body", sent.body.as_ref().map(json))?;
        Ok(Self {
            conversation_id: entry.conversation.clone().unwrap_or_default(),
            seq: sent.seq,
            position: entry.position,
            sender: sent.sender.clone(),
            kind: sent.kind.as_str().to_owned(),
            file: MessageFileView::from_body(sent.kind, body.as_deref()),
            body,
            reply_to: sent.reply_to,
            thread: sent.thread,
            replies: None,
            mentions: parse_raw_json("mentions", Some(mentions))?.unwrap_or_default(),
            sent_at: entry.occurred_at,
            edited_at: None,
            recalled: false,
            reactions: MessageReactions::default(),
            truncated: false,
            client_message_id: None,
        })
    }

    /// Replaces the lists of users in the reactions by summaries.
    pub fn summarize_reactions(&mut self) {
        self.reactions.summarize();
        self.truncated = false;
    }
}

/// Replaces the lists of users in the reactions of a list of messages by summaries, if the call
/// asked for it or the list is long.
pub fn summarize_long_list(messages: &mut [MessageView], is_requested: bool) {
    if is_requested || messages.len() > MAX_MESSAGES_WITH_USERS {
        messages
            .iter_mut()
            .for_each(MessageView::summarize_reactions);
    }
}

/// Parses stored JSON without changing it; `value` names the value in the error.
pub fn parse_raw_json(
    value: &'static str,
    json: Option<String>,
) -> Result<Option<Box<RawValue>>, QueryError> {
    json.map(|json| {
        RawValue::from_string(json).map_err(|error| QueryError::Corrupt {
            value,
            reason: error.to_string(),
        })
    })
    .transpose()
}
