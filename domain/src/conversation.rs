//! A conversation: who is in it, who may do what, and what has become of its newest messages.
//!
//! [`Conversation::decide`] says what a command makes happen; `apply` makes it so. The rules stand
//! by subject: `create`, `members`, `messages`, `import`, `erasure`. Each begins by asking whether the
//! caller is a member, because to everybody else nothing here exists; then come rights, then the
//! rules about the content.

pub mod command;
pub mod event;

mod create;
mod erasure;
mod import;
mod members;
mod messages;
mod state;

use std::collections::{BTreeMap, HashSet, VecDeque};

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::EventUpcaster;
use serde::{Deserialize, Serialize};

use crate::ids::UserId;
use crate::limits::Limits;
use crate::mailbox::command::Standing;
use crate::message::MessageState;
use crate::refusal::Refusal;
use command::ConversationCommand;
use event::{ConversationEvent, ConversationKind, History, Role};
use state::{About, Member, Stay};

/// How many of the newest messages a conversation remembers. A command on an older one brings the
/// message along, looked up in the log.
pub const REMEMBERED: usize = 256;

/// The state of one conversation, as far as the rules need it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    /// `None` until it is created.
    about: Option<About>,
    /// Those who are in.
    members: BTreeMap<UserId, Member>,
    /// The ended stays of everybody who was ever in, oldest first. A stay without messages
    /// leaves no trace.
    ended: BTreeMap<UserId, Vec<Stay>>,
    /// How often somebody joined. A member's `stay` is this number at their joining: it tells one
    /// stay from the next, and who has been in for longest.
    joins: i64,
    /// The newest seq, which is also how many messages were sent.
    head_seq: i64,
    /// The newest messages; the last one is at `head_seq`.
    newest: VecDeque<MessageState>,
}

impl Conversation {
    /// What this command makes happen; nothing if everything is already so. `limits` are those
    /// of the deployment.
    pub fn decide(
        &self,
        command: ConversationCommand,
        limits: &Limits,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        match command {
            ConversationCommand::Create(create) => self.create(create, limits),
            ConversationCommand::Change(change) => self.change(change),
            ConversationCommand::AddMembers(add) => self.add_members(add, limits),
            ConversationCommand::RemoveMember(remove) => self.remove_member(remove),
            ConversationCommand::Send(send) => self.send(send, limits),
            ConversationCommand::Edit(edit) => self.edit(edit, limits),
            ConversationCommand::Recall(recall) => self.recall(recall, limits),
            ConversationCommand::React(react) => self.react(react, limits),
            ConversationCommand::Unreact(react) => self.unreact(react),
            ConversationCommand::Import(imported) => self.import(imported, limits),
            ConversationCommand::Erase(erase) => self.erase(erase),
        }
    }

    /// Whether it was ever created. It then exists for ever, also when everybody has left.
    pub fn exists(&self) -> bool {
        self.about.is_some()
    }

    /// Direct or group; `None` if it does not exist.
    pub fn kind(&self) -> Option<ConversationKind> {
        self.about.as_ref().map(|about| about.kind)
    }

    /// The newest seq, 0 if there is none.
    pub fn head_seq(&self) -> i64 {
        self.head_seq
    }

    /// How many are in.
    pub fn member_count(&self) -> usize {
        self.members.len()
    }

    /// Whether this user is in now.
    pub fn is_member(&self, user: &UserId) -> bool {
        self.members.contains_key(user)
    }

    /// What this user is now; `None` if not a member.
    pub fn role_of(&self, user: &UserId) -> Option<Role> {
        self.members.get(user).map(|member| member.role)
    }

    /// Where this user stands, as their mailbox needs to know it; `None` if not a member.
    pub fn standing(&self, user: &UserId) -> Option<Standing> {
        self.members.get(user).map(|member| Standing {
            head_seq: self.head_seq,
            stay: member.stay,
            floor: member.joined_seq.max(member.own_seq),
        })
    }

    /// The one rule of visibility: a current member sees all, or what was sent during any of
    /// their stays. False for a seq that does not exist.
    pub fn may_see(&self, user: &UserId, seq: i64) -> bool {
        let (Some(about), Some(member)) = (&self.about, self.members.get(user)) else {
            return false;
        };
        if seq < 1 || seq > self.head_seq {
            return false;
        }
        about.history == History::All
            || seq > member.joined_seq
            || self
                .ended
                .get(user)
                .is_some_and(|stays| state::any_covers(stays, seq))
    }

    /// The other one of a direct conversation; `None` in a group and to strangers.
    pub fn peer_of(&self, user: &UserId) -> Option<&UserId> {
        if self.kind() != Some(ConversationKind::Direct) || !self.is_member(user) {
            return None;
        }
        self.members.keys().find(|member| *member != user)
    }

    /// Whether a command on this seq needs no look-up: it is among the newest [`REMEMBERED`].
    pub fn remembers(&self, seq: i64) -> bool {
        self.remembered(seq).is_some()
    }

    /// The state of a message among the newest [`REMEMBERED`].
    pub fn remembered(&self, seq: i64) -> Option<&MessageState> {
        self.newest.get(self.place(seq)?)
    }

    /// Where in `newest` a seq stands.
    fn place(&self, seq: i64) -> Option<usize> {
        let first = self.head_seq - self.newest.len() as i64 + 1;
        usize::try_from(seq.checked_sub(first)?).ok()
    }

    /// The conversation and the caller's membership, or the one answer to everybody else.
    fn entered_by(&self, user: &UserId) -> Result<(&About, &Member), Refusal> {
        match (&self.about, self.members.get(user)) {
            (Some(about), Some(member)) => Ok((about, member)),
            _ => Err(Refusal::not_found()),
        }
    }

    /// The message at `seq` if this user may see it: remembered, or as it was looked up.
    fn seen_by<'a>(
        &'a self,
        user: &UserId,
        seq: i64,
        looked_up: Option<&'a MessageState>,
    ) -> Result<&'a MessageState, Refusal> {
        if !self.may_see(user, seq) {
            return Err(Refusal::not_found());
        }
        self.remembered(seq)
            .or(looked_up)
            .ok_or_else(Refusal::not_found)
    }
}

impl Aggregate for Conversation {
    const TYPE: &'static str = "conversation";
    type Command = ConversationCommand;
    type Event = ConversationEvent;
    type Error = Refusal;
    type Services = Limits;

    async fn handle(
        &mut self,
        command: ConversationCommand,
        limits: &Limits,
        sink: &EventSink<Self>,
    ) -> Result<(), Refusal> {
        for event in self.decide(command, limits)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: ConversationEvent) {
        self.fold(event);
    }
}

/// For stores of cqrs-es that read the `events` view: old versions are raised step by step, and
/// the bare data becomes what [`ConversationEvent`] reads.
pub fn upcasters() -> Vec<Box<dyn EventUpcaster>> {
    crate::event::upcast::upcasters::<ConversationEvent>()
}

/// The same users without repetitions, in the order in which they were first named.
fn distinct(mut users: Vec<UserId>) -> Vec<UserId> {
    if users.len() > 1 {
        let mut seen = HashSet::with_capacity(users.len());
        users.retain(|user| seen.insert(user.clone()));
    }
    users
}
