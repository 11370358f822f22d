//! What one can ask of a conversation. Whoever asks is named by a checked token; the time and
//! every look-up that the rules need arrive inside the command.

use crate::body::{Body, MessageType};
use crate::conversation::event::{ConversationKind, History, Role};
use crate::ids::{ReactionKey, Title, UserId};
use crate::message::MessageState;
use crate::time::Timestamp;

/// One request to a conversation.
#[derive(Debug, Clone)]
pub enum ConversationCommand {
    /// Begin it.
    Create(Create),
    /// Change title or history rule.
    Change(Change),
    /// Add members, or change the role of those who are in.
    AddMembers(AddMembers),
    /// Remove a member; oneself to leave.
    RemoveMember(RemoveMember),
    /// Send a message.
    Send(Send),
    /// Change a message's body.
    Edit(Edit),
    /// Take a message back for everybody.
    Recall(Recall),
    /// React to a message.
    React(React),
    /// Take a reaction back.
    Unreact(React),
    /// Take in what was written elsewhere, in this order. Whoever writes or reacts joins with their
    /// first.
    Import(Vec<Imported>),
    /// Take content out for good.
    Erase(Erase),
}

/// See [`ConversationCommand::Create`].
#[derive(Debug, Clone)]
pub struct Create {
    /// Direct or group.
    pub kind: ConversationKind,
    /// A group's name.
    pub title: Option<Title>,
    /// The others; the caller is added, repetitions are dropped.
    pub members: Vec<UserId>,
    /// Who asks.
    pub by: UserId,
    /// Look-up: the other one of a direct conversation has blocked the caller.
    pub blocked: bool,
}

/// See [`ConversationCommand::Change`].
#[derive(Debug, Clone)]
pub struct Change {
    /// `None` leaves it, `Some(None)` removes it.
    pub title: Option<Option<Title>>,
    /// `None` leaves it.
    pub history: Option<History>,
    /// Who asks.
    pub by: UserId,
}

/// See [`ConversationCommand::AddMembers`].
#[derive(Debug, Clone)]
pub struct AddMembers {
    /// Who should be in.
    pub users: Vec<UserId>,
    /// As what: for newcomers `member` if not said; those who are in keep theirs if not said.
    /// Never `owner`.
    pub role: Option<Role>,
    /// Who asks.
    pub by: UserId,
}

/// See [`ConversationCommand::RemoveMember`].
#[derive(Debug, Clone)]
pub struct RemoveMember {
    /// Who should be out.
    pub user: UserId,
    /// Who asks.
    pub by: UserId,
}

/// See [`ConversationCommand::Send`].
#[derive(Debug, Clone)]
pub struct Send {
    /// Who sends.
    pub sender: UserId,
    /// What kind of message.
    pub kind: MessageType,
    /// What it carries.
    pub body: Body,
    /// The seq that it answers.
    pub reply_to: Option<i64>,
    /// Whom it names.
    pub mentions: Vec<UserId>,
    /// Now.
    pub now: Timestamp,
    /// Look-up: the other one of a direct conversation has blocked the sender.
    pub blocked: bool,
}

/// See [`ConversationCommand::Edit`].
#[derive(Debug, Clone)]
pub struct Edit {
    /// Which message.
    pub seq: i64,
    /// The body as it should be.
    pub body: serde_json::Value,
    /// Who asks.
    pub by: UserId,
    /// Now.
    pub now: Timestamp,
    /// Look-up, see [`Recall::message`].
    pub message: Option<MessageState>,
}

/// See [`ConversationCommand::Recall`].
#[derive(Debug, Clone)]
pub struct Recall {
    /// Which message.
    pub seq: i64,
    /// Who asks.
    pub by: UserId,
    /// Now.
    pub now: Timestamp,
    /// Look-up: the message as the log has it, needed when the conversation no longer remembers
    /// it (`Conversation::remembers` says so).
    pub message: Option<MessageState>,
}

/// See [`ConversationCommand::React`].
#[derive(Debug, Clone)]
pub struct React {
    /// To which message.
    pub seq: i64,
    /// With what.
    pub key: ReactionKey,
    /// Who asks.
    pub by: UserId,
    /// Look-up, see [`Recall::message`].
    pub message: Option<MessageState>,
}

/// One thing of [`ConversationCommand::Import`].
#[derive(Debug, Clone)]
pub enum Imported {
    /// These joined there without having written. Those who are in already stay as they are.
    Joined(Vec<UserId>),
    /// A message that was sent there.
    Message(ImportedMessage),
}

/// See [`Imported::Message`].
#[derive(Debug, Clone)]
pub struct ImportedMessage {
    /// Who sent it there.
    pub sender: UserId,
    /// What kind of message.
    pub kind: MessageType,
    /// What it carries; of an edited one, what it carries now.
    pub body: Body,
    /// What it answers; a reference to what does not exist is dropped.
    pub reply_to: Option<ReplyTo>,
    /// When it was sent there.
    pub sent_at: Timestamp,
    /// That its author edited it there.
    pub edit: Option<ImportedEdit>,
    /// Who reacted there. Keys beyond the limit of different ones are dropped.
    pub reactions: Vec<ImportedReaction>,
}

/// See [`ImportedMessage::edit`].
#[derive(Debug, Clone)]
pub struct ImportedEdit {
    /// When, the last time.
    pub edited_at: Timestamp,
    /// What it carried at first, if that is known.
    pub original: Option<Body>,
}

/// See [`ImportedMessage::reactions`].
#[derive(Debug, Clone)]
pub struct ImportedReaction {
    /// Which reaction.
    pub key: ReactionKey,
    /// Whose.
    pub user: UserId,
}

/// See [`ConversationCommand::Erase`].
#[derive(Debug, Clone)]
pub struct Erase {
    /// Which messages. Those that were erased before are better left out: of old ones it is not known here.
    pub seqs: Vec<i64>,
    /// The title too, and all that came before it.
    pub title: bool,
    /// Who asks, one of those who run the system.
    pub by: UserId,
}

/// What an imported message answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyTo {
    /// A message that the conversation has.
    Seq(i64),
    /// A message of the same import, by its index in it.
    Index(usize),
}
