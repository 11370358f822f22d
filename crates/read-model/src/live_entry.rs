//! Live entries: entries of the sync feed that the projector has just written, with their
//! recipients. Live delivery in the same process sends them without querying the read models.

use domain::body::{MessageBody, MessageType};
use domain::time::Timestamp;

/// An entry and its recipients.
#[derive(Debug, PartialEq, Eq)]
pub struct LiveEntry {
    /// The position of its event in the log.
    pub position: i64,
    /// The id of the conversation, if the entry belongs to one.
    pub conversation: Option<String>,
    /// When the event occurred.
    pub occurred_at: Timestamp,
    /// The content of the entry.
    pub payload: LiveEntryPayload,
    /// The recipients, as numeric user ids of the read models.
    pub recipients: Vec<i64>,
}

/// The content of a live entry.
#[derive(Debug, PartialEq, Eq)]
pub enum LiveEntryPayload {
    /// A new message that has not been edited or recalled.
    Message(LiveMessage),
    /// Any other entry, as stored in the read models.
    Other {
        /// The event's name, such as `conversation_read`.
        kind: &'static str,
        /// The data of the entry as JSON text.
        data: String,
    },
}

/// A message as it was sent.
#[derive(Debug, PartialEq, Eq)]
pub struct LiveMessage {
    /// The number of the message in its conversation: 1, 2, 3, ...
    pub seq: i64,
    /// The id of the user who sent it.
    pub sender: String,
    /// The message type.
    pub kind: MessageType,
    /// The body; `None` if it has been erased.
    pub body: Option<MessageBody>,
    /// The seq of the message that this one replies to.
    pub reply_to: Option<i64>,
    /// The mentioned users, as a JSON list.
    pub mentions: Option<String>,
    /// The key that the author's client gave it. Only the author receives it.
    pub client_message_id: Option<String>,
    /// The seq of the root of the thread that it belongs to.
    pub thread: Option<i64>,
}
