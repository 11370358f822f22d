//! The commands about held messages.

use crate::body::{MessageBody, MessageType};
use crate::held_id::HeldId;
use crate::ids::{ClientKey, ConversationId, UserId};

/// The data of `MailboxCommand::HoldMessage`.
#[derive(Debug, Clone)]
pub struct HoldMessage {
    /// The owner of the mailbox.
    pub sender: UserId,
    /// The conversation.
    pub conversation: ConversationId,
    /// The message type.
    pub kind: MessageType,
    /// The body.
    pub body: MessageBody,
    /// The seq of the message to which it replies.
    pub reply_to: Option<i64>,
    /// The seq of the root of the thread that it belongs to.
    pub thread: Option<i64>,
    /// The users it mentions.
    pub mentions: Vec<UserId>,
    /// The client's key.
    pub client_message_id: ClientKey,
    /// What the hook says.
    pub reason: Option<String>,
    /// The number of the scheduled message that it was. That one ends.
    pub scheduled: Option<i64>,
}

/// The data of `MailboxCommand::CompleteHeld`.
#[derive(Debug, Clone)]
pub struct CompleteHeldMessage {
    /// The held message.
    pub held_id: HeldId,
    /// The seq that it got, or the code of the refusal.
    pub result: Result<i64, String>,
    /// Who decided.
    pub by: UserId,
}
