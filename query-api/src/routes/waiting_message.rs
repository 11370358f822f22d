//! What the lists of scheduled and of held messages share: the message, which has no seq yet.

use http_edge::schema::MessageTypeSchema;
use http_edge::schema::message_body::MessageBodySchema;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::error::QueryError;
use crate::sql::message_view::parse_raw_json;

/// A message that waits in the mailbox of its sender.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WaitingMessage)]
pub struct WaitingMessageView {
    /// The conversation.
    pub conversation_id: String,
    /// The type of the message.
    #[serde(rename = "type")]
    #[schema(value_type = MessageTypeSchema)]
    pub kind: String,
    /// The body.
    #[schema(value_type = MessageBodySchema)]
    pub body: Box<RawValue>,
    /// The seq of the message to which it replies.
    #[schema(required = true)]
    pub reply_to: Option<i64>,
    /// The seq of the root of the thread that it belongs to.
    #[schema(required = true)]
    pub thread: Option<i64>,
    /// The users whom it mentions.
    #[schema(value_type = Vec<String>)]
    pub mentions: Box<RawValue>,
    /// The key that the caller's client gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub client_message_id: Option<String>,
}

/// The columns of a message `m` of either table, in its conversation `c`.
macro_rules! waiting_columns {
    () => {
        "c.name, m.number, m.type, m.body, m.reply_to, m.thread, m.mentions, m.client_message_id"
    };
}

pub(crate) use waiting_columns;

/// These columns. Without any message, all are null.
#[derive(sqlx::FromRow)]
pub struct WaitingMessageRow {
    name: Option<String>,
    pub number: Option<i64>,
    #[sqlx(rename = "type")]
    kind: Option<String>,
    body: Option<String>,
    reply_to: Option<i64>,
    thread: Option<i64>,
    mentions: Option<String>,
    client_message_id: Option<String>,
}

impl WaitingMessageRow {
    /// The message of a row that has one.
    pub fn into_view(self) -> Result<WaitingMessageView, QueryError> {
        let mentions = self.mentions.unwrap_or_else(|| "[]".to_owned());
        Ok(WaitingMessageView {
            conversation_id: self.name.unwrap_or_default(),
            kind: self.kind.unwrap_or_default(),
            body: parse_raw_json("a body", self.body)?.unwrap_or_default(),
            reply_to: self.reply_to,
            thread: self.thread,
            mentions: parse_raw_json("mentions", Some(mentions))?.unwrap_or_default(),
            client_message_id: self.client_message_id,
        })
    }
}
