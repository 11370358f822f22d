//! Entries of the sync feed as the projector has just written them, with those who are told: what live delivery in
//! the same process need not ask the read models for.

use domain::body::{Body, MessageType};
use domain::time::Timestamp;

/// An entry, and whom it is for.
#[derive(Debug, PartialEq, Eq)]
pub struct ToldEntry {
    /// Where it stands in the log.
    pub position: i64,
    /// The name of the conversation.
    pub conversation: String,
    /// When it happened.
    pub at: Timestamp,
    /// What did.
    pub what: Told,
    /// Whom it is for: in the numbers of the read models.
    pub users: Vec<i64>,
}

/// What an entry tells.
#[derive(Debug, PartialEq, Eq)]
pub enum Told {
    /// A message that nothing has happened to yet.
    Sent(SentMessage),
    /// Anything else, as it was written down.
    Else {
        /// The event's name, such as `conversation_read`.
        kind: &'static str,
        /// What happened: JSON.
        data: String,
    },
}

/// A message as it was sent.
#[derive(Debug, PartialEq, Eq)]
pub struct SentMessage {
    /// 1, 2, 3, ... in its conversation.
    pub seq: i64,
    /// The name of who sent it.
    pub sender: String,
    /// What kind of message.
    pub kind: MessageType,
    /// What it says.
    pub body: Option<Body>,
    /// The seq that it answers.
    pub reply_to: Option<i64>,
    /// The users that it names, as a JSON list.
    pub mentions: Option<String>,
}
