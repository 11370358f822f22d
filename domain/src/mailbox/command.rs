//! The commands of the mailbox aggregate. What the rules need to know about a conversation is part
//! of the command, as a [`MembershipSnapshot`].

use super::contact_state::ContactActs;
use super::held_command::{CompleteHeldMessage, HoldMessage};
use super::push_command::{DropPush, RegisterPush};
use crate::body::{MessageBody, MessageType};
use crate::ids::{ClientKey, ConversationId, DeviceId, UserId};
use crate::membership::MembershipSnapshot;
use crate::refusal::Refusal;
use crate::texts::ContactNote;
use crate::time::Timestamp;

/// A command to a mailbox.
#[derive(Debug, Clone)]
pub enum MailboxCommand {
    /// Acknowledge that a device has received everything up to a cursor.
    Ack(AckCursor),
    /// Mark everything up to a seq as read.
    MarkRead(MarkRead),
    /// Mark everything from a seq onward as unread.
    MarkUnread(MarkUnread),
    /// Set the preferences of a conversation.
    SetPreferences(SetPreferences),
    /// Refuse direct messages from a user. Built by [`MailboxCommand::block`].
    Block(UserId),
    /// Accept direct messages from a user again.
    Unblock(UserId),
    /// Remove the beginning of a conversation from the owner's view.
    Clear(ClearConversation),
    /// Ask a user to be a contact, or accept their request. Built by
    /// [`MailboxCommand::add_contact`].
    AddContact(AddContact),
    /// Withdraw a request, decline one, or end the contact.
    RemoveContact(RemoveContact),
    /// Follow a thread, or no longer follow it.
    FollowThread(FollowThread),
    /// Mark a thread as read up to a seq.
    ReadThread(ReadThread),
    /// Schedule a message.
    Schedule(ScheduleMessage),
    /// Change a scheduled message.
    ChangeScheduled(ChangeScheduledMessage),
    /// Cancel a scheduled message.
    CancelScheduled(CancelScheduledMessages),
    /// Record what became of messages that were due.
    CompleteScheduled(Vec<ScheduledOutcome>),
    /// Erase the notes that the owner has written, by this operator. The mailbox does not know
    /// whether there are any.
    EraseNotes(UserId),
    /// Hold a message until a moderator decides.
    HoldMessage(HoldMessage),
    /// Record what a moderator has decided.
    CompleteHeld(CompleteHeldMessage),
    /// Register a device for pushes.
    RegisterPush(RegisterPush),
    /// Drop registrations.
    DropPush(DropPush),
    /// Remove a device, with its cursor and its registration.
    RemoveDevice(DeviceId),
}

impl MailboxCommand {
    /// Builds the command with which `owner` blocks `user`. Users cannot block themselves. A
    /// mailbox does not know its owner, so this rule is checked here.
    pub fn block(owner: &UserId, user: UserId) -> Result<Self, Refusal> {
        if *owner == user {
            return Err(Refusal::invalid("user", "Users cannot block themselves."));
        }
        Ok(Self::Block(user))
    }

    /// Builds the command with which `owner` asks another user to be a contact. A mailbox does not
    /// know its owner, so it is checked here that the two differ.
    pub fn add_contact(owner: &UserId, add: AddContact) -> Result<Self, Refusal> {
        if *owner == add.user {
            return Err(Refusal::invalid(
                "user",
                "Users cannot be contacts of themselves.",
            ));
        }
        Ok(Self::AddContact(add))
    }
}

/// The data of [`MailboxCommand::Ack`].
#[derive(Debug, Clone)]
pub struct AckCursor {
    /// The device.
    pub device: DeviceId,
    /// The log position up to which the device has received everything.
    pub cursor: i64,
    /// Lookup: the head of the log.
    pub head: i64,
}

/// The data of [`MailboxCommand::MarkRead`].
#[derive(Debug, Clone)]
pub struct MarkRead {
    /// The conversation.
    pub conversation: ConversationId,
    /// The last seq to mark as read. A seq beyond the head counts as the head.
    pub up_to: i64,
    /// Lookup: the caller's membership.
    pub membership: MembershipSnapshot,
}

/// The data of [`MailboxCommand::MarkUnread`].
#[derive(Debug, Clone)]
pub struct MarkUnread {
    /// The conversation.
    pub conversation: ConversationId,
    /// The first seq to mark as unread.
    pub from: i64,
    /// Lookup: the caller's membership.
    pub membership: MembershipSnapshot,
    /// Lookup: whether the member can see the message at `from`.
    pub visible: bool,
}

/// The data of [`MailboxCommand::SetPreferences`]. `None` keeps the current value.
#[derive(Debug, Clone)]
pub struct SetPreferences {
    /// The conversation.
    pub conversation: ConversationId,
    /// Whether to leave the conversation out of the total unread count.
    pub muted: Option<bool>,
    /// Whether to list the conversation first.
    pub pinned: Option<bool>,
    /// Whether to remove the conversation from the list and from the total unread count.
    pub archived: Option<bool>,
    /// Whether mentions notify the owner even while the conversation is muted or archived.
    pub mentions: Option<bool>,
    /// Lookup: the caller's membership.
    pub membership: MembershipSnapshot,
}

/// The data of [`MailboxCommand::Clear`].
#[derive(Debug, Clone)]
pub struct ClearConversation {
    /// The conversation.
    pub conversation: ConversationId,
    /// The last seq to remove. A seq beyond the head counts as the head.
    pub up_to: i64,
    /// Lookup: the caller's membership.
    pub membership: MembershipSnapshot,
}

/// The data of [`MailboxCommand::FollowThread`].
#[derive(Debug, Clone)]
pub struct FollowThread {
    /// The conversation.
    pub conversation: ConversationId,
    /// The seq of the thread's root.
    pub root: i64,
    /// Whether to follow it.
    pub follow: bool,
    /// Lookup: the caller's membership.
    pub membership: MembershipSnapshot,
}

/// The data of [`MailboxCommand::AddContact`].
#[derive(Debug, Clone)]
pub struct AddContact {
    /// The other user.
    pub user: UserId,
    /// What to say with a request.
    pub note: Option<ContactNote>,
    /// Lookup: the acts of the other user towards the owner.
    pub other: ContactActs,
}

/// The data of [`MailboxCommand::RemoveContact`].
#[derive(Debug, Clone)]
pub struct RemoveContact {
    /// The other user.
    pub user: UserId,
    /// Lookup: the acts of the other user towards the owner.
    pub other: ContactActs,
}

/// The data of [`MailboxCommand::ReadThread`].
#[derive(Debug, Clone)]
pub struct ReadThread {
    /// The conversation.
    pub conversation: ConversationId,
    /// The seq of the thread's root.
    pub root: i64,
    /// The last seq to mark as read. A seq beyond the head counts as the head.
    pub up_to: i64,
    /// Lookup: the caller's membership.
    pub membership: MembershipSnapshot,
}

/// The data of [`MailboxCommand::Schedule`].
#[derive(Debug, Clone)]
pub struct ScheduleMessage {
    /// The conversation.
    pub conversation: ConversationId,
    /// The message type.
    pub kind: MessageType,
    /// The body.
    pub body: MessageBody,
    /// The seq of the message to which it replies.
    pub reply_to: Option<i64>,
    /// The users it mentions.
    pub mentions: Vec<UserId>,
    /// The seq of the root of the thread that it belongs to.
    pub thread: Option<i64>,
    /// The key that the client gave it.
    pub client_message_id: ClientKey,
    /// When to send it.
    pub send_at: Timestamp,
    /// The current time.
    pub now: Timestamp,
}

/// The data of [`MailboxCommand::ChangeScheduled`]. `None` keeps the current value.
#[derive(Debug, Clone)]
pub struct ChangeScheduledMessage {
    /// The number of the scheduled message.
    pub number: i64,
    /// When to send it.
    pub send_at: Option<Timestamp>,
    /// The new body.
    pub body: Option<serde_json::Value>,
    /// The current time.
    pub now: Timestamp,
}

/// The data of [`MailboxCommand::CancelScheduled`].
#[derive(Debug, Clone)]
pub struct CancelScheduledMessages {
    /// The numbers of the scheduled messages. Those that no longer wait are skipped.
    pub numbers: Vec<i64>,
    /// The owner, or the operator who erases them.
    pub by: UserId,
    /// The current time, after which the owner cannot cancel what is due; `None` to cancel in any
    /// case.
    pub now: Option<Timestamp>,
}

/// What became of a scheduled message that was due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduledOutcome {
    /// The number of the scheduled message.
    pub number: i64,
    /// When it was due.
    pub send_at: Timestamp,
    /// The seq that it got, or the code of the refusal.
    pub result: Result<i64, String>,
}
