//! The events of held messages. They are stored forever: read [`crate::event`] before you change
//! them.

use serde::{Deserialize, Serialize};

use crate::body::{MessageBody, MessageType};
use crate::held_id::HeldId;
use crate::ids::{ClientKey, ConversationId, UserId};

/// The data of `MailboxEvent::MessageHeld`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageHeld {
    /// The id of the held message.
    pub held_id: HeldId,
    /// The conversation.
    pub conversation: ConversationId,
    /// The message type.
    #[serde(rename = "type")]
    pub kind: MessageType,
    /// The body.
    pub body: MessageBody,
    /// The seq of the message to which it replies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<i64>,
    /// The seq of the root of the thread that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<i64>,
    /// The users it mentions.
    pub mentions: Vec<UserId>,
    /// The client's key; absent once the content is erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_message_id: Option<ClientKey>,
    /// What the hook says; for moderators. Absent if it said nothing or did not answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The data of `MailboxEvent::HeldMessageReleased`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeldMessageReleased {
    /// The id of the held message.
    pub held_id: HeldId,
    /// The conversation.
    pub conversation: ConversationId,
    /// The seq that it got there.
    pub seq: i64,
    /// Who released it.
    pub by: UserId,
}

/// The data of `MailboxEvent::HeldMessageRefused`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeldMessageRefused {
    /// The id of the held message.
    pub held_id: HeldId,
    /// The conversation.
    pub conversation: ConversationId,
    /// The code of the refusal: `content_refused`, that of the rule against which a release failed,
    /// or `erased`.
    pub reason: String,
    /// Who refused it, or released it against a rule.
    pub by: UserId,
}
