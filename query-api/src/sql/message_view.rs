//! The JSON shape of a message, and the columns from which it is built.

use domain::body::MessageBody;
use domain::time::Timestamp;
use http_edge::schema::MessageTypeSchema;
use read_model::live_entry::{LiveEntry, LiveMessage};
use serde::Serialize;
use serde_json::value::RawValue;
use sqlx::Row;
use sqlx::postgres::PgRow;
use sqlx::types::time::OffsetDateTime;
use utoipa::ToSchema;

use crate::error::QueryError;

/// The columns of a message `g` (a row of `read.messages`, or nulls) in the conversation whose name
/// is the expression `$conversation`. Reactions are returned as complete JSON, with keys and users
/// in the order of the reactions.
macro_rules! message_columns {
    ($conversation:literal) => {
        concat!(
            $conversation, " AS conversation_name, g.seq AS message_seq, g.position AS message_position,
            (SELECT sender.name FROM read.users sender WHERE sender.id = g.sender) AS sender_name,
            g.type AS message_type, CASE WHEN NOT g.recalled THEN g.body END AS body, g.reply_to,
            g.mentions, g.sent_at, g.edited_at, g.recalled,
            (SELECT json_object_agg(r.key, r.users ORDER BY r.first)::text
             FROM (SELECT x.key, json_agg(who.name ORDER BY x.position) AS users, min(x.position) AS first
                   FROM read.reactions x JOIN read.users who ON who.id = x.user_id
                   WHERE x.conversation = g.conversation AND x.seq = g.seq
                   GROUP BY x.key) r) AS reactions"
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
    #[schema(value_type = Option<Object>, required = true)]
    pub body: Option<Box<RawValue>>,
    /// The seq of the message to which it replies.
    #[schema(required = true)]
    pub reply_to: Option<i64>,
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
    /// The users by reaction key, in the order of their reactions.
    #[schema(value_type = std::collections::HashMap<String, Vec<String>>)]
    pub reactions: Box<RawValue>,
}

impl MessageView {
    /// Builds a message from a row with the columns of [`message_columns!`]. Returns `None` if the
    /// row has no message.
    pub fn from_row(row: &PgRow) -> Result<Option<Self>, QueryError> {
        let Some(seq) = row.try_get("message_seq")? else {
            return Ok(None);
        };
        Ok(Some(Self {
            conversation_id: row.try_get("conversation_name")?,
            seq,
            position: row.try_get("message_position")?,
            sender: row.try_get("sender_name")?,
            kind: row.try_get("message_type")?,
            body: parse_raw_json("a body", row.try_get("body")?)?,
            reply_to: row.try_get("reply_to")?,
            mentions: parse_raw_json("mentions", Some(text_column_or(row, "mentions", "[]")?))?
                .unwrap_or_default(),
            sent_at: row.try_get::<OffsetDateTime, _>("sent_at")?.into(),
            edited_at: row
                .try_get::<Option<OffsetDateTime>, _>("edited_at")?
                .map(Into::into),
            recalled: row.try_get("recalled")?,
            reactions: parse_raw_json("reactions", Some(text_column_or(row, "reactions", "{}")?))?
                .unwrap_or_default(),
        }))
    }
}

impl MessageView {
    /// Builds a message that was just sent: not edited, not recalled, without reactions.
    pub fn from_live_entry(entry: &LiveEntry, sent: &LiveMessage) -> Result<Self, QueryError> {
        let json = |body: &MessageBody| body.as_json().to_owned();
        let mentions = sent.mentions.as_deref().unwrap_or("[]").to_owned();
        Ok(Self {
            conversation_id: entry.conversation.clone(),
            seq: sent.seq,
            position: entry.position,
            sender: sent.sender.clone(),
            kind: sent.kind.as_str().to_owned(),
            body: parse_raw_json("a body", sent.body.as_ref().map(json))?,
            reply_to: sent.reply_to,
            mentions: parse_raw_json("mentions", Some(mentions))?.unwrap_or_default(),
            sent_at: entry.occurred_at,
            edited_at: None,
            recalled: false,
            reactions: parse_raw_json("reactions", Some("{}".to_owned()))?.unwrap_or_default(),
        })
    }
}

fn text_column_or(row: &PgRow, column: &str, absent: &str) -> Result<String, QueryError> {
    Ok(row
        .try_get::<Option<String>, _>(column)?
        .unwrap_or_else(|| absent.to_owned()))
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
