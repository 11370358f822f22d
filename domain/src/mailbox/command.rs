//! What one can ask of one's own mailbox. What the rules need to know of a conversation arrives
//! inside the command, as a [`Standing`].

use crate::ids::{ConversationId, DeviceId, UserId};
use crate::refusal::Refusal;

/// One request to a mailbox.
#[derive(Debug, Clone)]
pub enum MailboxCommand {
    /// A device has everything up to a cursor.
    Ack(Ack),
    /// Everything up to a seq is read.
    Read(Read),
    /// Everything from a seq on is unread.
    MarkUnread(MarkUnread),
    /// Mute, pin, archive.
    SetPreferences(SetPreferences),
    /// Take no direct messages from a user. See [`MailboxCommand::block`].
    Block(UserId),
    /// Take them again.
    Unblock(UserId),
}

impl MailboxCommand {
    /// The owner of the mailbox wants to block a user: anybody but themselves. A mailbox does not
    /// know whose it is, so this rule stands where the command is made.
    pub fn block(owner: &UserId, user: UserId) -> Result<Self, Refusal> {
        if *owner == user {
            return Err(Refusal::invalid("user", "nobody blocks themselves"));
        }
        Ok(Self::Block(user))
    }
}

/// Where a member stands in a conversation: a look-up, see `Conversation::standing`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The newest seq, 0 if there is none.
    pub head_seq: i64,
    /// Which stay this is: rejoining starts another.
    pub stay: i64,
    /// The read mark that the conversation itself implies: the head at joining, or the member's
    /// own newest message of this stay, whichever is later.
    pub floor: i64,
}

/// See [`MailboxCommand::Ack`].
#[derive(Debug, Clone)]
pub struct Ack {
    /// Which device.
    pub device: DeviceId,
    /// A log position.
    pub cursor: i64,
    /// Look-up: the log's head.
    pub head: i64,
}

/// See [`MailboxCommand::Read`].
#[derive(Debug, Clone)]
pub struct Read {
    /// Where.
    pub conversation: ConversationId,
    /// Up to here; beyond the head it is the head.
    pub up_to: i64,
    /// Look-up.
    pub standing: Standing,
}

/// See [`MailboxCommand::MarkUnread`].
#[derive(Debug, Clone)]
pub struct MarkUnread {
    /// Where.
    pub conversation: ConversationId,
    /// From here on.
    pub from: i64,
    /// Look-up.
    pub standing: Standing,
    /// Look-up: the member may see the message at `from`.
    pub visible: bool,
}

/// See [`MailboxCommand::SetPreferences`].
#[derive(Debug, Clone)]
pub struct SetPreferences {
    /// Where.
    pub conversation: ConversationId,
    /// `None` leaves it.
    pub muted: Option<bool>,
    /// `None` leaves it.
    pub pinned: Option<bool>,
    /// `None` leaves it.
    pub archived: Option<bool>,
    /// `None` leaves it.
    pub mentions: Option<bool>,
    /// Look-up.
    pub standing: Standing,
}
