//! The commands about the service sessions of a conversation with a desk. The desk and what it says
//! of the caller are lookups.

use super::session_state::MovedSession;
use crate::custom_fields::CustomFields;
use crate::desk::settings::DeskSettings;
use crate::desk::texts::{CloseReason, RatingText, SessionNote, SessionTag};
use crate::ids::{ConversationId, DeskId, UserId};
use crate::session_id::SessionId;
use crate::time::Timestamp;

/// A command about service sessions.
#[derive(Debug, Clone)]
pub enum SessionCommand {
    /// Open a session, unless the customer has one that is not closed. Creates the conversation.
    Open(OpenServiceSession),
    /// Continue a session that was transferred from another desk.
    Continue(ContinueSession),
    /// Give the session, which waits, to an agent.
    Accept(AcceptSession),
    /// Give the session to another agent or desk.
    Transfer(TransferSession),
    /// Close the session.
    Close(CloseSession),
    /// Close the session if it has been idle for long enough.
    CloseIdle(Timestamp),
    /// Remind agents of the customer, who has no reply in time.
    Remind(RemindAgents),
    /// The desk was removed: close the session.
    CloseForGood(Timestamp),
    /// Take the conversation from a user who is no agent of the desk any more.
    Release(ReleaseAgent),
    /// Write a note for agents.
    Note(NoteSession),
    /// Replace the tags.
    Tag(TagSession),
    /// Rate the closed session, as its customer.
    Rate(RateSession),
}

/// Lookup: a desk, and the conversation of the customer with it.
#[derive(Debug, Clone)]
pub struct DeskLookup {
    /// The conversation.
    pub conversation: ConversationId,
    /// The desk.
    pub desk: DeskId,
    /// Its settings; `None` if it does not exist.
    pub settings: Option<DeskSettings>,
}

/// The caller, and what their token and the desk say of them.
#[derive(Debug, Clone)]
pub struct SessionCaller {
    /// The user.
    pub user: UserId,
    /// Lookup: whether the user is an agent of the desk.
    pub is_agent: bool,
    /// Whether the token is that of an administrator.
    pub is_admin: bool,
}

/// The data of [`SessionCommand::Open`].
#[derive(Debug, Clone)]
pub struct OpenServiceSession {
    /// The customer.
    pub customer: UserId,
    /// What the app of the customer says about it.
    pub custom: Option<CustomFields>,
    /// The desk.
    pub desk: DeskLookup,
    /// The current time.
    pub now: Timestamp,
}

/// The data of [`SessionCommand::Continue`].
#[derive(Debug, Clone)]
pub struct ContinueSession {
    /// The session.
    pub session: SessionId,
    /// The customer.
    pub customer: UserId,
    /// The conversation from which it was transferred.
    pub from: ConversationId,
    /// How often it was transferred, which tells one transfer from another.
    pub hop: u32,
    /// Lookup: how it left that conversation.
    pub left: Option<MovedSession>,
    /// The desk.
    pub desk: DeskLookup,
    /// The current time.
    pub now: Timestamp,
}

/// The data of [`SessionCommand::Accept`].
#[derive(Debug, Clone)]
pub struct AcceptSession {
    /// The session.
    pub session: SessionId,
    /// The agent. Whether it is one of the desk is a lookup in `caller`.
    pub agent: UserId,
    /// Who does it: the agent, or the system.
    pub caller: SessionCaller,
    /// The current time.
    pub now: Timestamp,
}

/// Where a session goes.
#[derive(Debug, Clone)]
pub enum TransferTarget {
    /// To an agent of the desk.
    Agent {
        /// The agent.
        agent: UserId,
        /// Lookup: whether it is one of the desk.
        is_agent: bool,
    },
    /// To another desk.
    Desk {
        /// The desk.
        desk: DeskLookup,
        /// Lookup: whether the customer has a session there that is not closed.
        is_busy: bool,
    },
}

/// The data of [`SessionCommand::Transfer`].
#[derive(Debug, Clone)]
pub struct TransferSession {
    /// The session.
    pub session: SessionId,
    /// Where it goes.
    pub target: TransferTarget,
    /// A note for agents.
    pub note: Option<SessionNote>,
    /// Who does it.
    pub caller: SessionCaller,
    /// The current time.
    pub now: Timestamp,
}

/// The data of [`SessionCommand::Close`].
#[derive(Debug, Clone)]
pub struct CloseSession {
    /// The session.
    pub session: SessionId,
    /// Why it ends.
    pub reason: Option<CloseReason>,
    /// Who does it.
    pub caller: SessionCaller,
    /// The current time.
    pub now: Timestamp,
}

/// The data of [`SessionCommand::Remind`].
#[derive(Debug, Clone)]
pub struct RemindAgents {
    /// Lookup: the agents of the desk.
    pub agents: Vec<UserId>,
    /// The current time.
    pub now: Timestamp,
}

/// The data of [`SessionCommand::Release`].
#[derive(Debug, Clone)]
pub struct ReleaseAgent {
    /// The user, who is no agent any more.
    pub agent: UserId,
    /// The current time.
    pub now: Timestamp,
}

/// The data of [`SessionCommand::Note`].
#[derive(Debug, Clone)]
pub struct NoteSession {
    /// The session.
    pub session: SessionId,
    /// The note.
    pub text: SessionNote,
    /// Who writes it.
    pub caller: SessionCaller,
    /// The current time.
    pub now: Timestamp,
}

/// The data of [`SessionCommand::Tag`].
#[derive(Debug, Clone)]
pub struct TagSession {
    /// The session.
    pub session: SessionId,
    /// All tags.
    pub tags: Vec<SessionTag>,
    /// Who does it.
    pub caller: SessionCaller,
}

/// The data of [`SessionCommand::Rate`].
#[derive(Debug, Clone)]
pub struct RateSession {
    /// The session.
    pub session: SessionId,
    /// 1 to 5.
    pub score: u8,
    /// What the customer writes.
    pub text: Option<RatingText>,
    /// Who does it.
    pub caller: SessionCaller,
    /// The current time.
    pub now: Timestamp,
}
