//! A line of a batch, as it is sent and as it is answered.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::commands::ack::AckRequest;
use crate::commands::edit::EditRequest;
use crate::commands::read::ReadRequest;
use crate::commands::send::SendRequest;

/// One command: `op`, the parts of that call's path, and the fields of its body.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "op", rename_all = "snake_case")]
pub(crate) enum BatchLine {
    Send(SendLine),
    Edit(EditLine),
    Recall(MessageLine),
    React(ReactionLine),
    Unreact(ReactionLine),
    Read(ReadLine),
    Ack(AckRequest),
}

/// `POST /v1/conversations/{conversation_id}/messages`
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct SendLine {
    pub(crate) conversation_id: String,
    #[serde(flatten)]
    pub(crate) request: SendRequest,
}

/// `PUT /v1/conversations/{conversation_id}/messages/{seq}`
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct EditLine {
    #[serde(flatten)]
    pub(crate) message: MessageLine,
    #[serde(flatten)]
    pub(crate) request: EditRequest,
}

/// `DELETE /v1/conversations/{conversation_id}/messages/{seq}`
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct MessageLine {
    pub(crate) conversation_id: String,
    #[schema(minimum = 1)]
    pub(crate) seq: i64,
}

/// `PUT` or `DELETE /v1/conversations/{conversation_id}/messages/{seq}/reactions/{key}`
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ReactionLine {
    #[serde(flatten)]
    pub(crate) message: MessageLine,
    #[schema(min_length = 1, max_length = 32)]
    pub(crate) key: String,
}

/// `POST /v1/conversations/{conversation_id}/read`
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ReadLine {
    pub(crate) conversation_id: String,
    #[serde(flatten)]
    pub(crate) request: ReadRequest,
}

/// The answer to one line: the fields of that command's answer, or a problem document.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it exists to describe the shape")]
pub(crate) struct BatchAnswer {
    /// The status that the command alone would have had.
    #[schema(minimum = 200, maximum = 599)]
    status: u16,
    /// Of a command that was carried out.
    #[schema(required = false)]
    position: i64,
    /// True if it was carried out before and this is the first answer again.
    #[schema(required = false)]
    idempotent_replay: bool,
    /// Of a send.
    #[schema(required = false)]
    conversation_id: String,
    /// Of a send.
    #[schema(required = false)]
    seq: i64,
    /// Of a send.
    #[schema(required = false, format = DateTime)]
    sent_at: String,
    /// Of a read.
    #[schema(required = false)]
    read_seq: i64,
    /// Of a command that was not carried out.
    #[schema(required = false)]
    code: String,
}
