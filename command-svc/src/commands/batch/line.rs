//! The request and response schema of a batch line.

use std::collections::BTreeMap;

use http_edge::extract::field_names;
use serde::Deserialize;
use serde::de::IgnoredAny;
use utoipa::ToSchema;

use crate::commands::ack::AckRequest;
use crate::commands::edit::EditRequest;
use crate::commands::message_draft::SendRequest;
use crate::commands::read::ReadRequest;

/// One command: `op`, the path parameters of that operation, and the fields of its body.
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

/// The fields that name the operation and the message.
const OP_FIELD: &str = "op";
const CONVERSATION_FIELD: &str = "conversation_id";

impl BatchLine {
    /// The fields that a line with this operation has.
    pub(crate) fn known_fields(&self) -> Vec<&'static str> {
        let message = field_names::<MessageLine>();
        let (place, rest): (&[&str], &[&str]) = match self {
            Self::Send(_) => (&[CONVERSATION_FIELD], field_names::<SendRequest>()),
            Self::Edit(_) => (message, field_names::<EditRequest>()),
            Self::Recall(_) => (message, &[]),
            Self::React(_) | Self::Unreact(_) => (message, &["key"]),
            Self::Read(_) => (&[CONVERSATION_FIELD], field_names::<ReadRequest>()),
            Self::Ack(_) => (&[], field_names::<AckRequest>()),
        };
        [&[OP_FIELD], place, rest].concat()
    }

    /// The fields of the text of this line that it does not have. Serde cannot find them, because
    /// the fields of the operations are flattened.
    #[allow(
        clippy::zero_sized_map_values,
        reason = "serde reads the keys of an object into a map only"
    )]
    pub(crate) fn unknown_fields(&self, text: &[u8]) -> Vec<String> {
        let known = self.known_fields();
        let fields: BTreeMap<String, IgnoredAny> = serde_json::from_slice(text).unwrap_or_default();
        let names = fields.into_keys();
        names
            .filter(|name| !known.contains(&name.as_str()))
            .collect()
    }
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

/// The response to one line: the fields of that command's response, or a problem document.
#[derive(ToSchema)]
#[schema(as = BatchAnswer)]
#[expect(dead_code, reason = "this type exists to describe the shape")]
pub(crate) struct BatchLineResponse {
    /// The HTTP status that the command would have had as a single request.
    #[schema(minimum = 200, maximum = 599)]
    status: u16,
    /// The log position, if the command succeeded.
    #[schema(required = false)]
    position: i64,
    /// True if the command was executed earlier and this is its first response.
    #[schema(required = false)]
    idempotent_replay: bool,
    /// The conversation, for a send.
    #[schema(required = false)]
    conversation_id: String,
    /// The seq of the message, for a send.
    #[schema(required = false)]
    seq: i64,
    /// `held`, for a send that the hook holds.
    #[schema(required = false)]
    state: String,
    /// The id of the held message, for a send that the hook holds.
    #[schema(required = false)]
    held_id: String,
    /// When the message was sent, for a send.
    #[schema(required = false, format = DateTime)]
    sent_at: String,
    /// The seq of the last read message, for a read.
    #[schema(required = false)]
    read_seq: i64,
    /// The problem code, if the command failed.
    #[schema(required = false)]
    code: String,
}
