//! The request of a send, and its validated content. Sends and scheduled messages share them.

use domain::body::{MessageBody, MessageType};
use domain::digest;
use domain::ids::{ConversationId, RuleName, UserId};
use domain::limits::Limits;
use domain::refusal::Refusal;
use event_log::LogError;
use http_edge::schema;
use moderation::Rulebook;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::used_file;
use crate::metrics::CommandKind;
use crate::params;
use crate::screening;
use crate::state::CommandState;

/// The message to send.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct SendRequest {
    /// The idempotency key: 1 to 128 printable ASCII characters. Repeating it returns the first
    /// response. The sender's devices, and no one else, get it back with the message.
    #[schema(min_length = 1, max_length = 128)]
    pub(super) client_message_id: String,
    #[serde(rename = "type")]
    #[schema(value_type = schema::MessageTypeSchema)]
    kind: MessageType,
    /// A JSON object of at most 64 KiB. Text messages have their text in `text`; images, audio and
    /// video name one of the sender's stored files in `file` or have their address in `url`, files
    /// `file`, `url` or `name`, and locations `lat` and `lng`. With `file`, the server sets `name`,
    /// `mime`, `size`, `width` and `height` to what the file is. These keys and `mime`, `size`,
    /// `width`, `height`, `thumb` and `duration` are checked; any other key is the app's own.
    /// Numbers are kept exactly: a number that is no integer of 64 bits and no 64-bit float is
    /// refused.
    #[schema(value_type = schema::message_body::MessageBodySchema)]
    pub(super) body: Value,
    /// The seq of the message that this one replies to.
    #[schema(minimum = 1)]
    reply_to: Option<i64>,
    /// The seq of the message whose thread this one belongs to. That message must not belong to a
    /// thread itself.
    #[schema(minimum = 1)]
    thread: Option<i64>,
    /// When to send it, up to a year ahead: the server answers `202` and sends it then. Not in a
    /// batch.
    #[schema(format = DateTime)]
    pub(super) send_at: Option<String>,
    /// The mentioned members, at most 50.
    #[serde(default)]
    #[schema(max_items = 50)]
    mentions: Vec<String>,
}

/// The validated content of a message to send.
pub(super) struct MessageDraft {
    pub(super) kind: MessageType,
    pub(super) body: MessageBody,
    pub(super) reply_to: Option<i64>,
    pub(super) thread: Option<i64>,
    pub(super) mentions: Vec<UserId>,
    /// Whether parts of the body are masked.
    pub(super) masked: bool,
    /// The rules that flag it.
    pub(super) flags: Vec<RuleName>,
}

impl SendRequest {
    /// The fingerprint of the parsed request, which ignores whitespace and the order of keys.
    pub(super) fn fingerprint(&self, conversation: &ConversationId, body: &str) -> u128 {
        let reply_to = self.reply_to.unwrap_or_default().to_be_bytes();
        let mut parts: Vec<&[u8]> = Vec::with_capacity(5 + self.mentions.len());
        parts.extend([
            CommandKind::Send.as_str().as_bytes(),
            conversation.as_str().as_bytes(),
            self.kind.as_str().as_bytes(),
            body.as_bytes(),
            reply_to.as_slice(),
        ]);
        parts.extend(self.mentions.iter().map(String::as_bytes));
        // No mention contains a control character. Without a thread, the fingerprint is that of
        // earlier releases.
        let thread = self.thread.map(i64::to_be_bytes);
        if let Some(thread) = &thread {
            parts.extend([b"\0thread".as_slice(), thread.as_slice()]);
        }
        if let Some(send_at) = &self.send_at {
            parts.extend([b"\0send_at".as_slice(), send_at.as_bytes()]);
        }
        digest::fingerprint(&parts)
    }
}

impl MessageDraft {
    pub(super) fn parse(request: &SendRequest, limits: &Limits) -> Result<Self, Refusal> {
        Ok(Self {
            kind: request.kind,
            body: MessageBody::parse(request.kind, &request.body, limits)?,
            reply_to: request.reply_to,
            thread: request.thread,
            mentions: params::parse_users("mentions", &request.mentions)?,
            masked: false,
            flags: Vec::new(),
        })
    }

    /// The same message completed with what its file is, and screened again, because the file has a
    /// name; or the refusal, if it cannot use the file.
    pub(super) async fn completed(
        mut self,
        state: &CommandState,
        sender: &UserId,
    ) -> Result<Result<Self, Refusal>, LogError> {
        let completed = match used_file::complete(state, sender, self.kind, &self.body).await? {
            Ok(Some(completed)) => completed,
            Ok(None) => return Ok(Ok(self)),
            Err(refusal) => return Ok(Err(refusal)),
        };
        Ok(
            match MessageBody::parse(self.kind, &completed, state.limits()) {
                Ok(body) => {
                    self.body = body;
                    self.screened(&completed, &state.rulebook(), state.limits())
                }
                Err(refusal) => Err(refusal),
            },
        )
    }

    /// The same message with its text screened. `body` is its body as JSON.
    pub(super) fn screened(
        mut self,
        body: &Value,
        rulebook: &Rulebook,
        limits: &Limits,
    ) -> Result<Self, Refusal> {
        let screened = screening::screen_body(rulebook, self.kind, body)?;
        if let Some(masked) = screened.value {
            self.body = MessageBody::parse(self.kind, &masked, limits)?;
            self.masked = true;
        }
        self.flags = screened.flags;
        Ok(self)
    }
}
