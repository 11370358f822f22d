//! What an index stores: one document per message, and a checkpoint with each commit.

use serde::{Deserialize, Serialize};

/// The key of a message: conversation and sequence number.
pub type DocumentKey = (u64, u64);

/// A message as stored in the index. Users and conversations are numeric ids, as in the read
/// models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageDocument {
    /// The log position of the `message_sent` event, which identifies the message.
    pub position: u64,
    /// The conversation of the message.
    pub conversation: u64,
    /// The sequence number within the conversation.
    pub seq: u64,
    /// The user who sent it.
    pub sender: u64,
    /// When it was sent, in milliseconds since 1970.
    pub sent_at: i64,
    /// The message type, as in `type:`.
    pub kind: String,
    /// The names of the users it mentions.
    pub mentions: Vec<String>,
    /// The searchable text of the latest version.
    pub text: String,
}

impl MessageDocument {
    /// Returns its conversation and sequence number.
    pub fn key(&self) -> DocumentKey {
        (self.conversation, self.seq)
    }
}

/// The log position up to which an index is complete, and the log it belongs to. Committed
/// atomically with the messages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexCheckpoint {
    /// The position of the last event that the index includes, or 0.
    pub position: u64,
    /// The tag of the epoch that the position belongs to. It detects a log that was restored from
    /// an older backup and continued: there, another event has this position. `None` in an index
    /// of an older release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<u32>,
    /// When that event was appended, in milliseconds since 1970.
    pub time: i64,
    /// The id of the log.
    pub log: String,
    /// The generation of the numeric ids of users and conversations.
    pub numbering: i64,
    /// For an index that is still being filled: the last message added, in the order of
    /// conversation and sequence number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filled: Option<DocumentKey>,
}
