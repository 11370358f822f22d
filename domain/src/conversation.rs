//! The conversation aggregate: its members, their permissions, and the state of its most recent
//! messages.
//!
//! [`Conversation::decide`] turns a command into events; `apply` folds an event into the state,
//! whose parts are in `state` and `access_state`. The rules are grouped by subject in `create`,
//! `members`, `invitations`, `admission`, `sanctions`, `messages`, `restore`, `pins`, `import` and
//! `erasure`; those of service sessions in `sessions`, `session_transfer`, `session_reminder` and
//! `session_remarks`.
//! Every rule first checks that the caller is a member, because for all other users the
//! conversation does not exist; then it checks permissions, which `policy` evaluates, then the
//! content. `settings` has the values of a policy, and `flags` what rules have found in texts.

pub mod access_command;
pub mod access_event;
pub mod command;
pub mod event;
pub mod invitation_command;
pub mod session_command;
pub mod session_event;
pub mod settings;

mod access_state;
mod admission;
mod apply;
mod create;
mod erasure;
mod flags;
mod import;
mod invitations;
mod members;
mod message_moderation;
mod messages;
mod pins;
mod policy;
mod restore;
mod sanctions;
mod session_opening;
mod session_remarks;
mod session_reminder;
mod session_state;
mod session_transfer;
mod sessions;
mod state;
mod threads;

pub use create::find_direct_peer;
pub use session_state::MovedSession;
pub use sessions::UnfinishedSession;
pub use threads::not_a_root;

use std::collections::{BTreeMap, HashSet, VecDeque};

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::EventUpcaster;
use serde::{Deserialize, Serialize};

use crate::ids::UserId;
use crate::limits::Limits;
use crate::membership::MembershipSnapshot;
use crate::message::MessageState;
use crate::refusal::Refusal;
use access_state::AccessState;
use command::ConversationCommand;
use event::{ConversationEvent, ConversationKind, HistoryVisibility, Role};
use session_state::ServiceSessions;
use state::{ConversationDetails, InvitationState, Membership, MembershipPeriod};

/// The maximum number of recent messages in the state of a conversation. A command on an older
/// message carries that message's state, looked up in the log.
pub const MAX_RECENT_MESSAGES: usize = 256;

/// The state of one conversation, as far as the rules need it.
///
/// It is stored in snapshots; the serialized field names must not change.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    /// `None` until the conversation is created.
    #[serde(rename = "about")]
    details: Option<ConversationDetails>,
    /// The current members.
    members: BTreeMap<UserId, Membership>,
    /// The past membership periods of every user, oldest first. A period without messages is not
    /// recorded.
    #[serde(rename = "ended")]
    past_periods: BTreeMap<UserId, Vec<MembershipPeriod>>,
    /// How many times a user has joined. A member's `stay` is the value of this counter after
    /// joining. It distinguishes membership periods and orders the members by seniority.
    #[serde(rename = "joins")]
    join_count: i64,
    /// The newest seq, which is also the number of messages sent.
    head_seq: i64,
    /// The most recent messages, oldest first; the last one has the seq `head_seq`.
    #[serde(rename = "newest")]
    recent_messages: VecDeque<MessageState>,
    /// The policy, silences and bans, join requests and links.
    #[serde(default, skip_serializing_if = "AccessState::is_default")]
    access: AccessState,
    /// The seqs of the pinned messages, oldest pin first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pins: Vec<i64>,
    /// The invitations that have not ended.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    invitations: BTreeMap<UserId, InvitationState>,
    /// The service sessions, if it is with a desk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    service: Option<ServiceSessions>,
}

impl Conversation {
    /// Decides which events a command causes. Returns no events if the state already matches the
    /// command, and a [`Refusal`] if a rule rejects it. `limits` are the limits of the deployment.
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
            ConversationCommand::Access(access) => {
                let events = self.decide_access(access, limits)?;
                Ok(self.end_invitations_of_joining(events))
            }
            ConversationCommand::Restore(restore) => self.restore(restore),
            ConversationCommand::Moderate(moderate) => self.moderate_message(&moderate),
            ConversationCommand::Pin(pin) => self.pin(pin),
            ConversationCommand::Unpin(pin) => self.unpin(pin),
            ConversationCommand::Invitation(command) => self.decide_invitation(command, limits),
            ConversationCommand::Session(command) => self.decide_session(command),
        }
    }

    /// Whether the conversation was ever created. It then exists forever, even after every member
    /// has left.
    pub fn exists(&self) -> bool {
        self.details.is_some()
    }

    /// The kind of the conversation; `None` if it does not exist.
    pub fn kind(&self) -> Option<ConversationKind> {
        self.details.as_ref().map(|about| about.kind)
    }

    /// The newest seq, 0 if there are no messages.
    pub fn head_seq(&self) -> i64 {
        self.head_seq
    }

    /// The number of current members.
    pub fn member_count(&self) -> usize {
        self.members.len()
    }

    /// Whether this user is a current member.
    pub fn is_member(&self, user: &UserId) -> bool {
        self.members.contains_key(user)
    }

    /// The role of this user; `None` if the user is not a member.
    pub fn role_of(&self, user: &UserId) -> Option<Role> {
        self.members.get(user).map(|member| member.role)
    }

    /// The membership data that this user's mailbox needs; `None` if the user is not a member.
    pub fn membership_snapshot(&self, user: &UserId) -> Option<MembershipSnapshot> {
        self.members.get(user).map(|member| MembershipSnapshot {
            head_seq: self.head_seq,
            stay: member.stay,
            read_floor: member.joined_seq.max(member.own_seq),
        })
    }

    /// The visibility rule: a current member sees either every message or those sent during any of
    /// their membership periods, depending on the history visibility. Returns `false` for a seq
    /// that does not exist.
    pub fn can_see(&self, user: &UserId, seq: i64) -> bool {
        let (Some(about), Some(member)) = (&self.details, self.members.get(user)) else {
            return false;
        };
        if seq < 1 || seq > self.head_seq {
            return false;
        }
        about.history == HistoryVisibility::All
            || seq > member.joined_seq
            || self
                .past_periods
                .get(user)
                .is_some_and(|stays| state::is_covered(stays, seq))
    }

    /// The other user of a direct conversation; `None` in a group or if `user` is not a member.
    pub fn peer_of(&self, user: &UserId) -> Option<&UserId> {
        if self.kind() != Some(ConversationKind::Direct) || !self.is_member(user) {
            return None;
        }
        self.members.keys().find(|member| *member != user)
    }

    /// Whether this seq is among the recent messages, so that a command on it needs no lookup.
    pub fn is_recent(&self, seq: i64) -> bool {
        self.recent_message(seq).is_some()
    }

    /// The state of a message among the [`MAX_RECENT_MESSAGES`] most recent ones.
    pub fn recent_message(&self, seq: i64) -> Option<&MessageState> {
        self.recent_messages.get(self.recent_index(seq)?)
    }

    /// The index of a seq in `recent_messages`.
    fn recent_index(&self, seq: i64) -> Option<usize> {
        let first = self.head_seq - self.recent_messages.len() as i64 + 1;
        usize::try_from(seq.checked_sub(first)?).ok()
    }

    /// Returns the conversation's details and the caller's membership, or refuses with `not_found`.
    fn require_member(
        &self,
        user: &UserId,
    ) -> Result<(&ConversationDetails, &Membership), Refusal> {
        match (&self.details, self.members.get(user)) {
            (Some(about), Some(member)) => Ok((about, member)),
            _ => Err(Refusal::not_found()),
        }
    }

    /// Returns the message at `seq` if this user can see it: from the recent messages, or else from
    /// the lookup.
    fn require_visible_message<'a>(
        &'a self,
        user: &UserId,
        seq: i64,
        looked_up: Option<&'a MessageState>,
    ) -> Result<&'a MessageState, Refusal> {
        if !self.can_see(user, seq) {
            return Err(Refusal::not_found());
        }
        self.recent_message(seq)
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
        self.apply_event(event);
    }
}

/// The upcasters for cqrs-es stores that read the `events` view. They upcast old versions step by
/// step and wrap the bare data in the form that [`ConversationEvent`] deserializes from.
pub fn upcasters() -> Vec<Box<dyn EventUpcaster>> {
    crate::event::upcast::upcasters::<ConversationEvent>()
}

/// Removes duplicate users and keeps the order of their first occurrence.
fn deduplicate(mut users: Vec<UserId>) -> Vec<UserId> {
    if users.len() > 1 {
        let mut seen = HashSet::with_capacity(users.len());
        users.retain(|user| seen.insert(user.clone()));
    }
    users
}
