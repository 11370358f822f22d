//! What can have happened in a mailbox. Stored for ever: see [`crate::event`] before any change.

use serde::{Deserialize, Serialize};

use crate::ids::{ConversationId, DeviceId, UserId};

/// One fact of a mailbox's life. Whose mailbox it is stands in the envelope, as the aggregate's id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailboxEvent {
    /// A device has everything up to this cursor.
    DeviceAcked(DeviceAcked),
    /// The read mark moved forward.
    ConversationRead(ReadMark),
    /// The read mark was set by hand, up or down.
    ConversationMarkedUnread(ReadMark),
    /// Mute, pin, archive or mentions changed; all four new values are told.
    PreferencesChanged(PreferencesChanged),
    /// The owner takes no direct messages from this user any more.
    UserBlocked(BlockedUser),
    /// The owner takes direct messages from this user again.
    UserUnblocked(BlockedUser),
}

/// See [`MailboxEvent::DeviceAcked`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeviceAcked {
    /// Which device.
    pub device: DeviceId,
    /// A log position.
    pub cursor: i64,
    /// The cursor that this device had acked before, 0 at first. What lies between is newly
    /// delivered.
    pub previous: i64,
}

/// See [`MailboxEvent::ConversationRead`] and [`MailboxEvent::ConversationMarkedUnread`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReadMark {
    /// Where.
    pub conversation: ConversationId,
    /// The last seq that is read.
    pub read_seq: i64,
    /// The conversation's head when this was decided.
    pub head_seq: i64,
    /// During which stay, see `Member::stay` of the conversation.
    pub stay: i64,
}

/// See [`MailboxEvent::PreferencesChanged`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct PreferencesChanged {
    /// Where.
    pub conversation: ConversationId,
    /// Not in the total.
    pub muted: bool,
    /// First in the list.
    pub pinned: bool,
    /// Off the list and not in the total.
    pub archived: bool,
    /// Messages that mention the owner are notified of although the conversation is muted or archived.
    pub mentions: bool,
    /// During which stay: leaving forgets.
    pub stay: i64,
}

/// See [`MailboxEvent::UserBlocked`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BlockedUser {
    /// Who is, or was, blocked.
    pub user: UserId,
}
