//! The commands of the conversation aggregate. The caller comes from a verified token. The current
//! time and every lookup that the rules need are part of the command.

use crate::body::{MessageBody, MessageType};
use crate::conversation::access_command::AccessCommand;
use crate::conversation::event::{ConversationKind, HistoryVisibility, Role};
use crate::conversation::invitation_command::{AcceptInvitation, UsersToAsk, WithdrawInvitation};
use crate::conversation::session_command::{DeskLookup, SessionCommand};
use crate::conversation::settings::PolicyChange;
use crate::ids::{ClientKey, ReactionKey, Title, UserId};
use crate::message::MessageState;
use crate::time::Timestamp;

/// A command to a conversation.
#[derive(Debug, Clone)]
pub enum ConversationCommand {
    /// Create the conversation.
    Create(CreateConversation),
    /// Change the title, the history visibility or the policy.
    Change(ChangeConversation),
    /// Add members, or change the role of existing members.
    AddMembers(AddMembers),
    /// Remove a member. Callers remove themselves to leave.
    RemoveMember(RemoveMember),
    /// Send a message.
    Send(SendMessage),
    /// Replace the body of a message.
    Edit(EditMessage),
    /// Recall a message for everyone.
    Recall(RecallMessage),
    /// Add a reaction to a message.
    React(UpdateReaction),
    /// Remove a reaction from a message.
    Unreact(UpdateReaction),
    /// Import messages from another system, in this order. Senders and reacting users join with
    /// their first message or reaction.
    Import(Vec<ImportItem>),
    /// Permanently erase content.
    Erase(EraseContent),
    /// Join, admit, silence, ban, and manage links.
    Access(AccessCommand),
    /// Restore a recalled message.
    Restore(RestoreMessage),
    /// Recall a message as a moderator, or undo that.
    Moderate(ModerateMessage),
    /// Pin a message.
    Pin(UpdatePin),
    /// Unpin a message.
    Unpin(UpdatePin),
    /// Invite users who must be asked, and answer an invitation.
    Invitation(InvitationCommand),
    /// Open, accept, transfer or close a service session, or remark on it.
    Session(SessionCommand),
}

/// A command to a conversation that heeds what users consent to.
#[derive(Debug, Clone)]
pub enum InvitationCommand {
    /// Create the conversation. In a group, users who must be asked first are invited.
    Create(CreateConversation, UsersToAsk),
    /// Add members, or change the role of existing members. Users who must be asked first are
    /// invited.
    AddMembers(AddMembers, UsersToAsk),
    /// Join by an invitation.
    Accept(AcceptInvitation),
    /// Decline an invitation.
    Decline(UserId),
    /// Withdraw an invitation.
    Withdraw(WithdrawInvitation),
}

/// The data of [`ConversationCommand::Create`].
#[derive(Debug, Clone)]
pub struct CreateConversation {
    /// The kind of conversation.
    pub kind: ConversationKind,
    /// The title of a group.
    pub title: Option<Title>,
    /// The other members. The caller is added and duplicates are dropped.
    pub members: Vec<UserId>,
    /// The caller.
    pub by: UserId,
    /// Lookup: whether the other user of a direct conversation has blocked the caller.
    pub blocked: bool,
    /// When it was created in the source system, for an import.
    pub created_at: Option<Timestamp>,
}

/// The data of [`ConversationCommand::Change`].
#[derive(Debug, Clone)]
pub struct ChangeConversation {
    /// The new title. `None` keeps the current one, `Some(None)` removes it.
    pub title: Option<Option<Title>>,
    /// The new history visibility. `None` keeps the current one.
    pub history: Option<HistoryVisibility>,
    /// What to change in the policy.
    pub policy: PolicyChange,
    /// The caller.
    pub by: UserId,
    /// The current time.
    pub now: Timestamp,
}

/// The data of [`ConversationCommand::AddMembers`].
#[derive(Debug, Clone)]
pub struct AddMembers {
    /// The users to add.
    pub users: Vec<UserId>,
    /// The role to assign, never `owner`. With `None`, new members become `member` and existing
    /// members keep their role.
    pub role: Option<Role>,
    /// The caller.
    pub by: UserId,
    /// The current time.
    pub now: Timestamp,
}

/// The data of [`ConversationCommand::RemoveMember`].
#[derive(Debug, Clone)]
pub struct RemoveMember {
    /// The member to remove.
    pub user: UserId,
    /// The caller.
    pub by: UserId,
}

/// The data of [`ConversationCommand::Send`].
#[derive(Debug, Clone)]
pub struct SendMessage {
    /// The user who sends it.
    pub sender: UserId,
    /// The message type.
    pub kind: MessageType,
    /// The body of the message.
    pub body: MessageBody,
    /// The seq of the message to which this one replies.
    pub reply_to: Option<i64>,
    /// The users it mentions.
    pub mentions: Vec<UserId>,
    /// The key that the client gave it.
    pub client_message_id: ClientKey,
    /// The current time.
    pub now: Timestamp,
    /// Lookup: whether the other user of a direct conversation has blocked the sender.
    pub blocked: bool,
    /// The thread that it belongs to.
    pub thread: Option<ThreadLookup>,
    /// For when its sender had scheduled it.
    pub scheduled_for: Option<Timestamp>,
    /// Lookup: the desk, in a conversation with one.
    pub desk: Option<DeskLookup>,
}

/// The thread that a message is sent to.
#[derive(Debug, Clone)]
pub struct ThreadLookup {
    /// The seq of its root.
    pub root: i64,
    /// Lookup: see [`RecallMessage::message`], for the root.
    pub message: Option<MessageState>,
}

/// The data of [`ConversationCommand::Edit`].
#[derive(Debug, Clone)]
pub struct EditMessage {
    /// The seq of the message.
    pub seq: i64,
    /// The new body.
    pub body: serde_json::Value,
    /// The caller.
    pub by: UserId,
    /// The current time.
    pub now: Timestamp,
    /// Lookup: see [`RecallMessage::message`].
    pub message: Option<MessageState>,
}

/// The data of [`ConversationCommand::Recall`].
#[derive(Debug, Clone)]
pub struct RecallMessage {
    /// The seq of the message.
    pub seq: i64,
    /// The caller.
    pub by: UserId,
    /// The current time.
    pub now: Timestamp,
    /// Lookup: the state of the message as folded from the log. Required if the message is no
    /// longer recent; see `Conversation::is_recent`.
    pub message: Option<MessageState>,
}

/// The data of [`ConversationCommand::React`] and [`ConversationCommand::Unreact`].
#[derive(Debug, Clone)]
pub struct UpdateReaction {
    /// The seq of the message.
    pub seq: i64,
    /// The reaction.
    pub key: ReactionKey,
    /// The caller.
    pub by: UserId,
    /// The current time.
    pub now: Timestamp,
    /// Lookup: see [`RecallMessage::message`].
    pub message: Option<MessageState>,
}

/// One item of [`ConversationCommand::Import`].
#[derive(Debug, Clone)]
pub enum ImportItem {
    /// Users who joined in the source system without sending a message. Existing members are
    /// unchanged.
    Members {
        /// The users.
        users: Vec<UserId>,
        /// When they joined in the source system, if that is known.
        joined_at: Option<Timestamp>,
    },
    /// A message from the source system.
    Message(ImportedMessage),
}

/// The data of [`ImportItem::Message`].
#[derive(Debug, Clone)]
pub struct ImportedMessage {
    /// The user who sent it.
    pub sender: UserId,
    /// The message type.
    pub kind: MessageType,
    /// The body; for an edited message, the current body.
    pub body: MessageBody,
    /// The message to which it replies. A reference to a message that does not exist is dropped.
    pub reply_to: Option<ReplyTarget>,
    /// The root of the thread that it belongs to. A reference to a message that does not exist is
    /// dropped, and a message of a thread stands for the root of that thread.
    pub thread: Option<ReplyTarget>,
    /// When it was sent in the source system.
    pub sent_at: Timestamp,
    /// The last edit by its author, if it was edited.
    pub edit: Option<ImportedEdit>,
    /// The reactions to it. Keys beyond the limit of distinct keys are dropped.
    pub reactions: Vec<ImportedReaction>,
}

/// The edit of an [`ImportedMessage`].
#[derive(Debug, Clone)]
pub struct ImportedEdit {
    /// When it was last edited.
    pub edited_at: Timestamp,
    /// The original body, if it is known.
    pub original: Option<MessageBody>,
}

/// A reaction to an [`ImportedMessage`].
#[derive(Debug, Clone)]
pub struct ImportedReaction {
    /// The reaction.
    pub key: ReactionKey,
    /// The user who reacted.
    pub user: UserId,
}

/// The data of [`ConversationCommand::Erase`].
#[derive(Debug, Clone)]
pub struct EraseContent {
    /// The seqs of the messages to erase. Omit messages that are already erased: for messages that
    /// are no longer recent, the conversation cannot detect that.
    pub seqs: Vec<i64>,
    /// Whether to erase the title as well, including all previous titles.
    pub title: bool,
    /// The operator who requests the erasure.
    pub by: UserId,
}

/// The message to which an imported message replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyTarget {
    /// A message that already exists in the conversation, by its seq.
    Seq(i64),
    /// An earlier message of the same import, by its index in the import.
    Index(usize),
}

/// What a moderator does about a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageAct {
    /// Recall it, unless it is recalled.
    Recall,
    /// Restore it, if it is recalled because this user recalled it.
    UndoRecall {
        /// The user.
        recalled_by: UserId,
    },
}

/// The data of [`ConversationCommand::Moderate`].
#[derive(Debug, Clone)]
pub struct ModerateMessage {
    /// The seq of the message.
    pub seq: i64,
    /// What to do.
    pub act: MessageAct,
    /// The caller.
    pub by: UserId,
    /// Whether the caller's token is that of a moderator, who need not be a member.
    pub by_moderator: bool,
    /// Lookup: see [`RecallMessage::message`].
    pub message: Option<MessageState>,
}

/// The data of [`ConversationCommand::Restore`].
#[derive(Debug, Clone)]
pub struct RestoreMessage {
    /// The seq of the message.
    pub seq: i64,
    /// The caller.
    pub by: UserId,
    /// Lookup: see [`RecallMessage::message`].
    pub message: Option<MessageState>,
}

/// The data of [`ConversationCommand::Pin`] and [`ConversationCommand::Unpin`].
#[derive(Debug, Clone)]
pub struct UpdatePin {
    /// The seq of the message.
    pub seq: i64,
    /// The caller.
    pub by: UserId,
    /// Lookup: see [`RecallMessage::message`]. Unpinning does not need it.
    pub message: Option<MessageState>,
}
