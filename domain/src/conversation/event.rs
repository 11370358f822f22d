//! What can have happened in a conversation. Stored for ever: see [`crate::event`] before any
//! change.

use serde::{Deserialize, Serialize};

use crate::body::{Body, MessageType};
use crate::ids::{ReactionKey, Title, UserId};
use crate::time::Timestamp;

/// Two people for ever, or a group that people join and leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConversationKind {
    /// Exactly two distinct members, for ever.
    Direct,
    /// Members come and go.
    Group,
}

/// How much a member sees of what was sent before they joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum History {
    /// A current member sees the whole conversation.
    #[default]
    All,
    /// Only what was sent during one's stays.
    SinceJoin,
}

/// What a member may do. Ordered: a later one may do more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads, sends, reacts, leaves.
    #[default]
    Member,
    /// Also changes title and history, adds and removes members, recalls any message.
    Admin,
    /// An admin whom nobody can remove, and who alone lowers admins.
    Owner,
}

/// A first member, named when the conversation was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstMember {
    /// Who.
    pub user: UserId,
    /// As what.
    pub role: Role,
}

/// One fact of a conversation's life.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConversationEvent {
    /// The conversation began, with these members, in the order in which they were named.
    ConversationCreated(ConversationCreated),
    /// Title or history rule changed; both new values are told.
    ConversationChanged(ConversationChanged),
    /// Somebody joined, or joined again.
    MemberAdded(MemberAdded),
    /// Somebody left or was removed.
    MemberRemoved(MemberRemoved),
    /// Somebody's role changed.
    MemberRoleChanged(MemberRoleChanged),
    /// A message was sent. It moves the sender's own read mark to it.
    MessageSent(MessageSent),
    /// Its author changed the body.
    MessageEdited(MessageEdited),
    /// It was taken back for everybody.
    MessageRecalled(MessageRecalled),
    /// A user reacted.
    ReactionAdded(Reaction),
    /// A user took the reaction back.
    ReactionRemoved(Reaction),
    /// Its bodies and mentions are gone for good, from here and from the events before this one.
    MessageErased(MessageErased),
    /// The title is gone, and so are those that came before it, for good.
    TitleErased(TitleErased),
}

/// See [`ConversationEvent::ConversationCreated`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConversationCreated {
    /// Direct or group.
    pub kind: ConversationKind,
    /// A group's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Title>,
    /// What newcomers see.
    pub history: History,
    /// The first members, the creator first.
    pub members: Vec<FirstMember>,
    /// Who made it.
    pub by: UserId,
}

/// See [`ConversationEvent::ConversationChanged`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConversationChanged {
    /// The name from now on.
    pub title: Option<Title>,
    /// The rule from now on.
    pub history: History,
    /// Who changed it.
    pub by: UserId,
}

/// See [`ConversationEvent::MemberAdded`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberAdded {
    /// Who joined.
    pub user: UserId,
    /// As what.
    pub role: Role,
    /// Who added them.
    pub by: UserId,
}

/// See [`ConversationEvent::MemberRemoved`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberRemoved {
    /// Who is gone.
    pub user: UserId,
    /// Who removed them; themselves if they left.
    pub by: UserId,
}

/// See [`ConversationEvent::MemberRoleChanged`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberRoleChanged {
    /// Whose role.
    pub user: UserId,
    /// The role from now on.
    pub role: Role,
    /// Who gave it; the leaving owner for a succession.
    pub by: UserId,
}

/// See [`ConversationEvent::MessageSent`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageSent {
    /// 1, 2, 3, ... in this conversation, counting messages only.
    pub seq: i64,
    /// Who sent it.
    pub sender: UserId,
    /// What kind of message.
    #[serde(rename = "type")]
    pub kind: MessageType,
    /// What it carries.
    pub body: Body,
    /// The seq that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<i64>,
    /// Members that it names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<UserId>,
    /// When it was sent; for an imported message, when it was sent there.
    pub sent_at: Timestamp,
}

/// See [`ConversationEvent::MessageEdited`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageEdited {
    /// Which message.
    pub seq: i64,
    /// The body from now on.
    pub body: Body,
    /// Its author.
    pub by: UserId,
    /// When.
    pub edited_at: Timestamp,
}

/// See [`ConversationEvent::MessageRecalled`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageRecalled {
    /// Which message.
    pub seq: i64,
    /// Who took it back.
    pub by: UserId,
}

/// See [`ConversationEvent::ReactionAdded`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reaction {
    /// To which message.
    pub seq: i64,
    /// Which reaction.
    pub key: ReactionKey,
    /// Whose.
    pub user: UserId,
}

/// See [`ConversationEvent::MessageErased`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageErased {
    /// Which message.
    pub seq: i64,
    /// Who asked for it. Not always a member.
    pub by: UserId,
}

/// See [`ConversationEvent::TitleErased`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TitleErased {
    /// Who asked for it. Not always a member.
    pub by: UserId,
}
