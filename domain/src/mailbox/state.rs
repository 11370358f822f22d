//! The parts of a mailbox's state. They are stored in snapshots; the serialized field names must
//! not change.

use serde::{Deserialize, Serialize};

use crate::body::MessageType;
use crate::ids::ConversationId;
use crate::time::Timestamp;

/// A read mark set by a command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ExplicitReadMark {
    pub read_seq: i64,
    /// The head of the conversation at that time. An implied mark up to this seq is older than this
    /// mark.
    pub head_seq: i64,
    /// The number of the membership period. The mark has no effect in another period.
    pub stay: i64,
}

/// The owner's preferences for one conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "independent preferences")]
pub(super) struct ConversationPreferences {
    pub muted: bool,
    pub pinned: bool,
    pub archived: bool,
    /// Absent from snapshots written before this preference existed.
    #[serde(default = "default_mentions")]
    pub mentions: bool,
    /// The number of the membership period. Preferences expire when the owner leaves.
    pub stay: i64,
}

fn default_mentions() -> bool {
    true
}

impl ConversationPreferences {
    /// The default preferences in this membership period.
    pub fn defaults_for(stay: i64) -> Self {
        Self {
            muted: false,
            pinned: false,
            archived: false,
            mentions: default_mentions(),
            stay,
        }
    }
}

/// What the owner did with a thread.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct ThreadMark {
    /// Whether the owner followed it or no longer follows it; `None` if they did neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub followed: Option<ThreadChoice>,
    /// The last seq that the owner marked as read, 0 if none.
    #[serde(default)]
    pub read_seq: i64,
}

/// A choice to follow a thread or not.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct ThreadChoice {
    pub follow: bool,
    /// The head of the conversation at that time.
    pub head_seq: i64,
}

/// A scheduled message that waits or failed. Its content is in its events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScheduledState {
    /// The conversation.
    pub conversation: ConversationId,
    /// The message type.
    #[serde(rename = "type")]
    pub kind: MessageType,
    /// When it is due.
    pub send_at: Timestamp,
    /// The digest of the body. It reveals a change that changes nothing.
    #[serde(with = "crate::digest")]
    pub body_digest: u128,
    /// Whether a rule refused it when it was due.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
}
