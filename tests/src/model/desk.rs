//! Service desks: conversations in which customers have sessions with agents.

/// What can be done with the session of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeskAction {
    /// Open one, as the customer.
    Open,
    /// Get the one that waits, as an agent.
    Accept,
    /// Give it to another agent.
    GiveToAgent(String),
    /// Give it to another desk.
    GiveToDesk(String),
    /// Close it.
    Close,
    /// Write a note for agents.
    Note,
}

/// What a conversation has that is one with a desk.
#[derive(Debug, Clone)]
pub struct ModelDesk {
    /// The desk.
    pub desk: String,
    /// The customer, who is a member forever.
    pub customer: String,
    /// The session that is not closed.
    pub current: Option<ModelSession>,
    /// How many were opened here.
    pub(super) opened: usize,
}

/// A session that is not closed.
#[derive(Debug, Clone)]
pub struct ModelSession {
    /// Its id.
    pub id: String,
    /// The agent; `None` while it waits.
    pub agent: Option<String>,
}
