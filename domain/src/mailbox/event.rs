//! The events of the mailbox aggregate. They are stored forever: read [`crate::event`] before you
//! change them.

use serde::{Deserialize, Serialize};

use super::held_event::{HeldMessageRefused, HeldMessageReleased, MessageHeld};
use super::push_event::{DeviceRemoved, PushDropped, PushRegistered};
use crate::body::{MessageBody, MessageType};
use crate::ids::{ClientKey, ConversationId, DeviceId, UserId};
use crate::texts::ContactNote;
use crate::time::Timestamp;

/// An event of a mailbox. The owner is the aggregate id in the envelope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailboxEvent {
    /// A device acknowledged a cursor.
    DeviceAcked(DeviceAcked),
    /// The read mark moved forward.
    ConversationRead(ReadMark),
    /// The owner set the read mark explicitly, forward or backward.
    ConversationMarkedUnread(ReadMark),
    /// The preferences of a conversation changed. The event contains all four new values.
    PreferencesChanged(PreferencesChanged),
    /// The owner blocked a user.
    UserBlocked(BlockedUser),
    /// The owner unblocked a user.
    UserUnblocked(BlockedUser),
    /// The owner cleared the beginning of a conversation from their own view, forever.
    ConversationCleared(ClearedHistory),
    /// The owner asked a user to be a contact.
    ContactRequested(ContactRequested),
    /// The owner accepted the request of a user: they are contacts.
    ContactAdded(ContactAdded),
    /// The owner withdrew a request, declined one, or ended the contact.
    ContactRemoved(ContactRemoved),
    /// The owner followed a thread.
    ThreadFollowed(FollowedThread),
    /// The owner no longer follows a thread.
    ThreadUnfollowed(FollowedThread),
    /// The owner read a thread.
    ThreadRead(ThreadReadMark),
    /// The owner scheduled a message.
    MessageScheduled(MessageScheduled),
    /// The owner changed a message that waits, or one that failed, which then waits again.
    ScheduledMessageChanged(ScheduledMessageChanged),
    /// The message will not be sent. This erases its content from the earlier events.
    ScheduledMessageCancelled(ScheduledMessageCancelled),
    /// The message was sent. This erases its content from the earlier events: it is in the
    /// conversation now, and is erased there.
    ScheduledMessageSent(ScheduledMessageSent),
    /// A rule refused the message when it was due.
    ScheduledMessageFailed(ScheduledMessageFailed),
    /// An operator erased the notes that the owner had written until then, wherever they are.
    NotesErased(NotesErased),
    /// The hook has held a message until a moderator decides.
    MessageHeld(MessageHeld),
    /// A held message was released: it is sent.
    HeldMessageReleased(HeldMessageReleased),
    /// A held message was refused.
    HeldMessageRefused(HeldMessageRefused),
    /// A device gets pushes from now on.
    PushRegistered(PushRegistered),
    /// A device gets no more pushes.
    PushDropped(PushDropped),
    /// The owner removed a device.
    DeviceRemoved(DeviceRemoved),
}

/// The data of [`MailboxEvent::DeviceAcked`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeviceAcked {
    /// The device.
    pub device: DeviceId,
    /// The log position up to which the device has received everything.
    pub cursor: i64,
    /// The previous cursor of this device, 0 at first. The events between the two cursors are newly
    /// delivered.
    pub previous: i64,
}

/// The data of [`MailboxEvent::ConversationRead`] and [`MailboxEvent::ConversationMarkedUnread`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReadMark {
    /// The conversation.
    pub conversation: ConversationId,
    /// The last seq that counts as read.
    pub read_seq: i64,
    /// The head of the conversation at the time of the decision.
    pub head_seq: i64,
    /// The number of the membership period; see `Membership::stay` of the conversation.
    pub stay: i64,
}

/// The data of [`MailboxEvent::PreferencesChanged`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "independent preferences")]
pub struct PreferencesChanged {
    /// The conversation.
    pub conversation: ConversationId,
    /// Whether the conversation is left out of the total unread count.
    pub muted: bool,
    /// Whether the conversation is listed first.
    pub pinned: bool,
    /// Whether the conversation is removed from the list and from the total unread count.
    pub archived: bool,
    /// Whether mentions notify the owner even while the conversation is muted or archived.
    pub mentions: bool,
    /// The number of the membership period. Preferences expire when the owner leaves.
    pub stay: i64,
}

/// The data of [`MailboxEvent::UserBlocked`] and [`MailboxEvent::UserUnblocked`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BlockedUser {
    /// The user who was blocked or unblocked.
    pub user: UserId,
}

/// The data of [`MailboxEvent::ConversationCleared`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClearedHistory {
    /// The conversation.
    pub conversation: ConversationId,
    /// The last seq that the owner no longer sees. It applies to all membership periods.
    pub up_to: i64,
}

/// The data of [`MailboxEvent::ContactRequested`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContactRequested {
    /// The user who was asked.
    pub user: UserId,
    /// What the owner says with the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<ContactNote>,
    /// The number of this act between the two users: 1, 2, 3, ... in the order of the log.
    pub number: i64,
}

/// The data of [`MailboxEvent::ContactAdded`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContactAdded {
    /// The user whose request was accepted.
    pub user: UserId,
    /// The number of this act between the two users.
    pub number: i64,
}

/// The data of [`MailboxEvent::ContactRemoved`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContactRemoved {
    /// The user who was removed.
    pub user: UserId,
    /// The number of this act between the two users. Absent if that user had never asked: then the
    /// acts of the owner need not be remembered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<i64>,
}

/// The data of [`MailboxEvent::ThreadFollowed`] and [`MailboxEvent::ThreadUnfollowed`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FollowedThread {
    /// The conversation.
    pub conversation: ConversationId,
    /// The seq of the thread's root.
    pub root: i64,
    /// The head of the conversation at the time of the decision. Messages after it can make the
    /// owner follow the thread again.
    pub head_seq: i64,
}

/// The data of [`MailboxEvent::ThreadRead`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ThreadReadMark {
    /// The conversation.
    pub conversation: ConversationId,
    /// The seq of the thread's root.
    pub root: i64,
    /// The last seq that counts as read in the thread.
    pub read_seq: i64,
}

/// The data of [`MailboxEvent::MessageScheduled`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageScheduled {
    /// Its number among the scheduled messages of the owner: 1, 2, 3, ...
    pub number: i64,
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
    /// The users it mentions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<UserId>,
    /// The seq of the root of the thread that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<i64>,
    /// The key that its author's client gave it; absent once it is erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_message_id: Option<ClientKey>,
    /// When it is due.
    pub send_at: Timestamp,
}

/// The data of [`MailboxEvent::ScheduledMessageChanged`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScheduledMessageChanged {
    /// The number of the scheduled message.
    pub number: i64,
    /// The conversation.
    pub conversation: ConversationId,
    /// When it is due now.
    pub send_at: Timestamp,
    /// The new body, if that changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<MessageBody>,
}

/// The data of [`MailboxEvent::ScheduledMessageCancelled`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScheduledMessageCancelled {
    /// The number of the scheduled message.
    pub number: i64,
    /// The conversation.
    pub conversation: ConversationId,
    /// The owner, or the operator who erased it.
    pub by: UserId,
}

/// The data of [`MailboxEvent::ScheduledMessageSent`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScheduledMessageSent {
    /// The number of the scheduled message.
    pub number: i64,
    /// The conversation.
    pub conversation: ConversationId,
    /// The seq that it got there.
    pub seq: i64,
}

/// The data of [`MailboxEvent::ScheduledMessageFailed`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScheduledMessageFailed {
    /// The number of the scheduled message.
    pub number: i64,
    /// The conversation.
    pub conversation: ConversationId,
    /// The code of the refusal.
    pub code: String,
}

/// The data of [`MailboxEvent::NotesErased`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NotesErased {
    /// The operator.
    pub by: UserId,
}
