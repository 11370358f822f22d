//! The data of the events about the service sessions of a conversation with a desk. They are stored
//! forever: read [`crate::event`] before you change them.
//!
//! A customer has one conversation with each desk, and their sessions are periods of it. So the
//! membership of an agent, the messages and the end of a session are decided together: see
//! `docs/decisions/0028-sessions-are-part-of-the-conversation.md`.

use serde::{Deserialize, Serialize};

use crate::custom_fields::CustomFields;
use crate::deployment::flood::RuleDuration;
use crate::desk::texts::{CloseReason, RatingText, SessionNote, SessionTag};
use crate::ids::{ConversationId, DeskId, UserId};
use crate::session_id::SessionId;
use crate::time::Timestamp;

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(hop: &u32) -> bool {
    *hop == 0
}

/// The data of `session_opened`: a customer waits for an agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionOpened {
    /// The session.
    pub session: SessionId,
    /// The desk.
    pub desk: DeskId,
    /// The customer.
    pub customer: UserId,
    /// How long after the last message the session closes by itself.
    pub idle_close: RuleDuration,
    /// Within which time the customer is to have a reply.
    pub reply_target: RuleDuration,
    /// Whether agents are reminded of a customer who has no reply by then.
    pub reminders: bool,
    /// The customer messages without an answer with which it was transferred.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unanswered: Option<UnansweredStretch>,
    /// What the app of the customer says about it; absent if nothing, or if it was erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom: Option<CustomFields>,
    /// The conversation from which it was transferred, which has its earlier part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<ConversationId>,
    /// How often it was transferred to another desk.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub hop: u32,
    /// The head of the conversation: its messages are those after it.
    pub after_seq: i64,
    /// When it happened.
    pub at: Timestamp,
}

/// The data of `session_accepted`: the session has its first agent, or one again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionAccepted {
    /// The session.
    pub session: SessionId,
    /// The desk.
    pub desk: DeskId,
    /// The agent.
    pub agent: UserId,
    /// Who did it: the agent, an administrator, or the system.
    pub by: UserId,
    /// The head of the conversation.
    pub after_seq: i64,
    /// When it happened.
    pub at: Timestamp,
}

/// The data of `session_transferred`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionTransferred {
    /// The session.
    pub session: SessionId,
    /// The desk that has it now.
    pub desk: DeskId,
    /// The agent who had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<UserId>,
    /// The agent who has it now; `None` if it waits for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<UserId>,
    /// The conversation in which it continues, if the desk is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<ConversationId>,
    /// How often it was transferred to another desk, including this time.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub hop: u32,
    /// Who did it: the agent, an administrator, or the system.
    pub by: UserId,
    /// The head of the conversation.
    pub after_seq: i64,
    /// When it happened.
    pub at: Timestamp,
}

/// The data of `session_closed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionClosed {
    /// The session.
    pub session: SessionId,
    /// The desk.
    pub desk: DeskId,
    /// The agent; `None` if it was waiting for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<UserId>,
    /// Why; absent if nobody said so, or if it was erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<CloseReason>,
    /// How often it was transferred to another desk.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub hop: u32,
    /// Who did it: the agent, the customer, an administrator, or the system.
    pub by: UserId,
    /// The head of the conversation.
    pub after_seq: i64,
    /// When. For a session that closed by itself, when that was due.
    pub at: Timestamp,
}

/// Customer messages of a session with no answer of an agent between them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnansweredStretch {
    /// When the customer sent the first one.
    pub since: Timestamp,
    /// Whether agents were reminded of it.
    pub reminded: bool,
}

/// The data of `session_reminded`: a customer has no reply within `reply_target`. The customer does
/// not learn of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionReminded {
    /// The session.
    pub session: SessionId,
    /// The desk.
    pub desk: DeskId,
    /// The agent; `None` while it waits for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<UserId>,
    /// Who is reminded: the agent, or all agents of the desk while it waits.
    pub agents: Vec<UserId>,
    /// By when the customer was to have a reply.
    pub due: Timestamp,
}

/// The data of `session_noted`. Only agents see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionNoted {
    /// The session.
    pub session: SessionId,
    /// The note; absent if it was erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<SessionNote>,
    /// Who wrote it.
    pub by: UserId,
    /// When it happened.
    pub at: Timestamp,
}

/// The data of `session_tagged`. The tags replace the earlier ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionTagged {
    /// The session.
    pub session: SessionId,
    /// All tags.
    pub tags: Vec<SessionTag>,
    /// Who did it.
    pub by: UserId,
}

/// The data of `session_rated`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionRated {
    /// The session.
    pub session: SessionId,
    /// 1 to 5.
    pub score: u8,
    /// What the customer wrote; absent if nothing, or if it was erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<RatingText>,
    /// The customer.
    pub by: UserId,
    /// When it happened.
    pub at: Timestamp,
}
