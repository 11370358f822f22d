//! The events of the conversation aggregate. They are stored forever: read [`crate::event`] before
//! you change them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::body::{MessageBody, MessageType};
use crate::conversation::access_event::{
    ConversationPolicyChanged, JoinRequestDeclined, JoinRequested, LinkCreated, LinkEnded,
    MemberSanction, SanctionLifted,
};
use crate::conversation::session_event::{
    SessionAccepted, SessionClosed, SessionNoted, SessionOpened, SessionRated, SessionReminded,
    SessionTagged, SessionTransferred,
};
use crate::ids::{ClientKey, ReactionKey, RuleName, Title, UserId};
use crate::link_code::LinkId;
use crate::time::Timestamp;

/// The kind of a conversation: direct, group, or with a desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConversationKind {
    /// Exactly two distinct members, who never change.
    Direct,
    /// Users join and leave.
    Group,
    /// A customer, and the agent of a service desk who has their session.
    Desk,
}

/// Which messages a member can see that were sent before they joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HistoryVisibility {
    /// A current member sees every message.
    #[default]
    All,
    /// A current member sees the messages sent during their membership periods.
    SinceJoin,
}

/// The role of a member. Roles are ordered: each one has all permissions of those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Can read, send, react and leave.
    #[default]
    Member,
    /// Can also change the title and the history visibility, add and remove members, and recall any
    /// message.
    Admin,
    /// An admin who cannot be removed and who alone can demote admins.
    Owner,
}

/// A member named at the creation of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InitialMember {
    /// The user.
    pub user: UserId,
    /// The user's role.
    pub role: Role,
}

/// An event of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConversationEvent {
    /// The conversation was created, with its members in the order in which they were named.
    ConversationCreated(ConversationCreated),
    /// The title or the history visibility changed. The event contains both new values.
    ConversationChanged(ConversationChanged),
    /// A user joined or rejoined.
    MemberAdded(MemberAdded),
    /// A member left or was removed.
    MemberRemoved(MemberRemoved),
    /// The role of a member changed.
    MemberRoleChanged(MemberRoleChanged),
    /// A message was sent. The sender's read mark moves to it.
    MessageSent(MessageSent),
    /// The author edited a message.
    MessageEdited(MessageEdited),
    /// A message was recalled for everyone.
    MessageRecalled(MessageRecalled),
    /// A user added a reaction.
    ReactionAdded(MessageReaction),
    /// A user removed a reaction.
    ReactionRemoved(MessageReaction),
    /// The bodies and mentions of a message were permanently erased, also from earlier events.
    MessageErased(MessageErased),
    /// The title and all previous titles were permanently erased.
    TitleErased(TitleErased),
    /// The policy changed. The event contains the whole policy.
    ConversationPolicyChanged(ConversationPolicyChanged),
    /// A user can read, but not write.
    MemberSilenced(MemberSanction),
    /// A silence was lifted.
    MemberUnsilenced(SanctionLifted),
    /// A user cannot become a member. A member is removed first.
    MemberBanned(MemberSanction),
    /// A ban was lifted.
    MemberUnbanned(SanctionLifted),
    /// A user asks to join.
    JoinRequested(JoinRequested),
    /// A join request was declined or withdrawn.
    JoinRequestDeclined(JoinRequestDeclined),
    /// A link by which users can join was created.
    LinkCreated(LinkCreated),
    /// A link was ended.
    LinkEnded(LinkEnded),
    /// A recalled message was restored for everyone, as it was.
    MessageRestored(MessageRestored),
    /// A message was pinned.
    MessagePinned(MessagePin),
    /// A message was unpinned, perhaps because it was recalled or erased.
    MessageUnpinned(MessagePin),
    /// A user who must be asked first was invited.
    Invited(Invited),
    /// An invitation ended: the user joined or declined, or it was withdrawn.
    InvitationEnded(InvitationEnded),
    /// A service session was opened: the customer waits for an agent.
    SessionOpened(SessionOpened),
    /// A service session has an agent.
    SessionAccepted(SessionAccepted),
    /// A service session goes to another agent or desk, or waits again.
    SessionTransferred(SessionTransferred),
    /// A service session was closed, or closed by itself.
    SessionClosed(SessionClosed),
    /// An agent wrote a note about a service session.
    SessionNoted(SessionNoted),
    /// The tags of a service session changed.
    SessionTagged(SessionTagged),
    /// The customer rated a service session.
    SessionRated(SessionRated),
    /// The customer of a service session has no reply in time.
    SessionReminded(SessionReminded),
}

/// The data of [`ConversationEvent::ConversationCreated`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConversationCreated {
    /// The kind of conversation.
    pub kind: ConversationKind,
    /// The title of a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Title>,
    /// Which earlier messages new members can see.
    pub history: HistoryVisibility,
    /// The first members, the creator first.
    pub members: Vec<InitialMember>,
    /// The user who created it.
    pub by: UserId,
    /// When it was created in the source system, if it was imported and that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// The rules that flagged the title: names of word lists, or `links`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<RuleName>,
}

/// The data of [`ConversationEvent::ConversationChanged`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConversationChanged {
    /// The new title.
    pub title: Option<Title>,
    /// The new history visibility.
    pub history: HistoryVisibility,
    /// The user who changed it.
    pub by: UserId,
    /// The rules that flagged the title: names of word lists, or `links`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<RuleName>,
}

/// The data of [`ConversationEvent::MemberAdded`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberAdded {
    /// The user who joined.
    pub user: UserId,
    /// The user's role.
    pub role: Role,
    /// The user who added them.
    pub by: UserId,
    /// When they joined in the source system, if the membership was imported and that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined_at: Option<Timestamp>,
    /// The link by which they joined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<LinkId>,
}

/// The data of [`ConversationEvent::MemberRemoved`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberRemoved {
    /// The user who is no longer a member.
    pub user: UserId,
    /// The user who removed them, or the same user if they left.
    pub by: UserId,
}

/// The data of [`ConversationEvent::MemberRoleChanged`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberRoleChanged {
    /// The member whose role changed.
    pub user: UserId,
    /// The new role.
    pub role: Role,
    /// The user who changed it; in a succession, the owner who left.
    pub by: UserId,
}

/// The data of [`ConversationEvent::MessageSent`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageSent {
    /// The number of the message in its conversation: 1, 2, 3, ... without gaps.
    pub seq: i64,
    /// The user who sent it.
    pub sender: UserId,
    /// The message type.
    #[serde(rename = "type")]
    pub kind: MessageType,
    /// The body of the message.
    pub body: MessageBody,
    /// The seq of the message to which this one replies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<i64>,
    /// The members it mentions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<UserId>,
    /// When it was sent; for an imported message, when it was sent in the source system.
    pub sent_at: Timestamp,
    /// The key that its author's client gave it. Events that are imported, erased, or older than
    /// this field have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_message_id: Option<ClientKey>,
    /// The seq of the message whose thread it belongs to. Events that are older than this field
    /// lack it, and rightly: there were no threads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<i64>,
    /// For when its sender had scheduled it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_for: Option<Timestamp>,
    /// The rules that flagged the text: names of word lists, or `links`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<RuleName>,
}

/// A message was imported if it was sent more than this long before it was appended to the log.
pub const IMPORT_AGE: Duration = Duration::from_secs(24 * 3_600);

impl MessageSent {
    /// Whether the message was imported from another system, and not sent just before it was
    /// appended to the log at `appended_at`. Nobody waits for an imported message: it is not fanned
    /// out, and users are not notified of it.
    pub fn is_imported(&self, appended_at: Timestamp) -> bool {
        let age_ms = appended_at.millis().saturating_sub(self.sent_at.millis());
        u128::try_from(age_ms).is_ok_and(|age_ms| age_ms > IMPORT_AGE.as_millis())
    }
}

/// The data of [`ConversationEvent::MessageEdited`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageEdited {
    /// The seq of the message.
    pub seq: i64,
    /// The new body.
    pub body: MessageBody,
    /// The author of the message.
    pub by: UserId,
    /// When it was edited.
    pub edited_at: Timestamp,
    /// The rules that flagged the new text: names of word lists, or `links`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<RuleName>,
}

/// The data of [`ConversationEvent::MessageRecalled`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageRecalled {
    /// The seq of the message.
    pub seq: i64,
    /// The user who recalled it.
    pub by: UserId,
}

/// The data of [`ConversationEvent::MessageRestored`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageRestored {
    /// The seq of the message.
    pub seq: i64,
    /// The user who restored it.
    pub by: UserId,
}

/// The data of [`ConversationEvent::MessagePinned`] and [`ConversationEvent::MessageUnpinned`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessagePin {
    /// The seq of the message.
    pub seq: i64,
    /// The user who pinned or unpinned it; for a message that was recalled or erased, the user who
    /// did that.
    pub by: UserId,
}

/// The data of [`ConversationEvent::ReactionAdded`] and [`ConversationEvent::ReactionRemoved`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageReaction {
    /// The seq of the message.
    pub seq: i64,
    /// The reaction.
    pub key: ReactionKey,
    /// The user who reacted.
    pub user: UserId,
}

/// The user that erasures by retention are recorded under.
pub const RETENTION_USER: &str = "tidings-retention";

/// The data of [`ConversationEvent::MessageErased`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageErased {
    /// The seq of the message.
    pub seq: i64,
    /// The user who requested the erasure, not necessarily a member.
    pub by: UserId,
}

/// The data of [`ConversationEvent::TitleErased`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TitleErased {
    /// The user who requested the erasure, not necessarily a member.
    pub by: UserId,
}

/// The data of [`ConversationEvent::Invited`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Invited {
    /// The user who was invited.
    pub user: UserId,
    /// The role that the user gets on joining.
    pub role: Role,
    /// The user who invited them.
    pub by: UserId,
}

/// The data of [`ConversationEvent::InvitationEnded`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InvitationEnded {
    /// The user who was invited.
    pub user: UserId,
    /// How it ended.
    pub outcome: InvitationOutcome,
    /// The user who ended it.
    pub by: UserId,
    /// The user who had invited them.
    pub invited_by: UserId,
}

/// How an invitation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvitationOutcome {
    /// The user is a member.
    Joined,
    /// The user declined.
    Declined,
    /// The owner or an admin withdrew it.
    Withdrawn,
}
