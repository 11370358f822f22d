//! The interface of a parsed command. A command handler names its target aggregate, loads what it
//! needs from other aggregates, decides, and describes the response.

use std::borrow::Borrow;
use std::future::Future;
use std::sync::Arc;

use domain::case::Case;
use domain::case::target::CaseId;
use domain::conversation::Conversation;
use domain::deployment::Deployment;
use domain::desk::Desk;
use domain::file::File;
use domain::ids::{ConversationId, DeskId, FileId, UserId};
use domain::mailbox::Mailbox;
use domain::profile::Profile;
use domain::refusal::Refusal;
use event_log::{
    AggregateStore, CachedAggregate, EventLog, LockedAggregate, LogError, Observation, Receipt,
};
use http::StatusCode;

use crate::idempotency::Idempotency;
use crate::metrics::CommandKind;
use crate::response::ResponseBody;
use crate::state::CommandState;

/// An aggregate that commands can target.
pub(crate) trait TargetAggregate: CachedAggregate {
    /// The id of such an aggregate.
    type Id: Borrow<str> + Send + Sync;

    /// The store of this kind of aggregate.
    fn store(log: &EventLog) -> &Arc<AggregateStore<Self>>;

    /// Whether a user has access to this aggregate, and so to the responses of earlier commands.
    fn has_access(
        state: &CommandState,
        id: &Self::Id,
        user: &UserId,
    ) -> impl Future<Output = Result<bool, LogError>> + Send;
}

impl TargetAggregate for Conversation {
    type Id = ConversationId;

    fn store(log: &EventLog) -> &Arc<AggregateStore<Self>> {
        log.conversations()
    }

    async fn has_access(
        state: &CommandState,
        id: &ConversationId,
        user: &UserId,
    ) -> Result<bool, LogError> {
        state.is_member(id, user).await
    }
}

impl TargetAggregate for Mailbox {
    type Id = UserId;

    fn store(log: &EventLog) -> &Arc<AggregateStore<Self>> {
        log.mailboxes()
    }

    /// Only its owner sends commands to a mailbox.
    async fn has_access(_: &CommandState, id: &UserId, user: &UserId) -> Result<bool, LogError> {
        Ok(id == user)
    }
}

impl TargetAggregate for Profile {
    type Id = UserId;

    fn store(log: &EventLog) -> &Arc<AggregateStore<Self>> {
        log.profiles()
    }

    /// The routes check who may send commands to a profile, and the responses hold nothing of it.
    async fn has_access(_: &CommandState, _: &UserId, _: &UserId) -> Result<bool, LogError> {
        Ok(true)
    }
}

impl TargetAggregate for Deployment {
    /// There is one, whose id is a constant.
    type Id = &'static str;

    fn store(log: &EventLog) -> &Arc<AggregateStore<Self>> {
        log.deployments()
    }

    /// The routes check the scope of the token before anything else.
    async fn has_access(_: &CommandState, _: &&'static str, _: &UserId) -> Result<bool, LogError> {
        Ok(true)
    }
}

impl TargetAggregate for Case {
    type Id = CaseId;

    fn store(log: &EventLog) -> &Arc<AggregateStore<Self>> {
        log.cases()
    }

    /// Each command checks who may send it, and the responses hold nothing of the case.
    async fn has_access(_: &CommandState, _: &CaseId, _: &UserId) -> Result<bool, LogError> {
        Ok(true)
    }
}

impl TargetAggregate for File {
    type Id = FileId;

    fn store(log: &EventLog) -> &Arc<AggregateStore<Self>> {
        log.files()
    }

    /// The routes check who may send commands to a file, and only its uploader has a key for one.
    async fn has_access(_: &CommandState, _: &FileId, _: &UserId) -> Result<bool, LogError> {
        Ok(true)
    }
}

impl TargetAggregate for Desk {
    type Id = DeskId;

    fn store(log: &EventLog) -> &Arc<AggregateStore<Self>> {
        log.desks()
    }

    /// The routes check the scope of the token before anything else.
    async fn has_access(_: &CommandState, _: &DeskId, _: &UserId) -> Result<bool, LogError> {
        Ok(true)
    }
}

/// What every command has, whatever it does.
pub(crate) struct CommandMeta<T: TargetAggregate> {
    /// The kind of command, for metrics and fingerprints.
    pub(crate) kind: CommandKind,
    /// The aggregate that decides.
    pub(crate) aggregate_id: T::Id,
    /// The user who sent the command.
    pub(crate) caller: UserId,
    /// Who made the call, if a service acts for the user or an administrator changes what belongs
    /// to others.
    pub(crate) actor: Option<UserId>,
    /// The idempotency key and fingerprint, if the client sent a key.
    pub(crate) idempotency: Option<Idempotency>,
}

impl CommandMeta<Conversation> {
    /// The same for a command about this conversation that the caller's mailbox decides.
    pub(crate) fn into_mailbox(self) -> (ConversationId, CommandMeta<Mailbox>) {
        let meta = CommandMeta {
            kind: self.kind,
            aggregate_id: self.caller.clone(),
            caller: self.caller,
            actor: self.actor,
            idempotency: self.idempotency,
        };
        (self.aggregate_id, meta)
    }
}

/// Why an attempt ended without a decision.
#[derive(Debug)]
pub(crate) enum AttemptError {
    /// A domain rule rejected the command.
    Rejected(Refusal),
    /// A lookup is out of date; load it and decide again.
    Retry,
    /// The event log failed.
    Log(LogError),
}

impl From<Refusal> for AttemptError {
    fn from(refusal: Refusal) -> Self {
        Self::Rejected(refusal)
    }
}

impl From<LogError> for AttemptError {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}

/// The events that a command produces, and its response.
pub(crate) struct Decision<E> {
    pub(crate) events: Vec<E>,
    pub(crate) status: StatusCode,
    pub(crate) body: ResponseBody,
}

impl<E> Decision<E> {
    /// A decision whose response contains only the position.
    pub(crate) fn from_events(events: Vec<E>) -> Self {
        Self::with_body(events, ResponseBody::empty())
    }

    /// A decision with status 200 and this response body.
    pub(crate) fn with_body(events: Vec<E>, body: ResponseBody) -> Self {
        Self {
            events,
            status: StatusCode::OK,
            body,
        }
    }
}

/// What the decision of a handler needs from other aggregates.
pub(crate) trait CommandLookups<H>: Sized + Send {
    /// Loads it, before the target is locked. Adds every aggregate it read to `observed`, even when
    /// it rejects the command.
    fn load(
        handler: &H,
        state: &CommandState,
        observed: &mut Vec<Observation>,
    ) -> impl Future<Output = Result<Self, AttemptError>> + Send;
}

/// Most commands need nothing from other aggregates.
impl<H: Sync> CommandLookups<H> for () {
    async fn load(_: &H, _: &CommandState, _: &mut Vec<Observation>) -> Result<(), AttemptError> {
        Ok(())
    }
}

/// A parsed command that can be executed.
pub(crate) trait CommandHandler: Sized + Sync {
    /// The aggregate that decides.
    type Target: TargetAggregate;
    /// What the decision needs from other aggregates.
    type Lookups: CommandLookups<Self>;

    /// What this command has in common with every other.
    fn meta(&self) -> &CommandMeta<Self::Target>;

    /// Decides on the locked aggregate.
    fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Self::Target>,
        lookups: Self::Lookups,
    ) -> impl Future<
        Output = Result<Decision<<Self::Target as cqrs_es::Aggregate>::Event>, AttemptError>,
    > + Send;

    /// Whether the caller still has access to what the first response refers to.
    fn may_replay(
        &self,
        state: &CommandState,
        _receipt: &Receipt,
    ) -> impl Future<Output = Result<bool, LogError>> + Send {
        let meta = self.meta();
        Self::Target::has_access(state, &meta.aggregate_id, &meta.caller)
    }
}
