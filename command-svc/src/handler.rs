//! The interface of a parsed command. A command handler names its target aggregate, loads what it
//! needs from other aggregates, decides, and describes the response.

use std::future::Future;
use std::sync::Arc;

use domain::conversation::Conversation;
use domain::mailbox::Mailbox;
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
    /// The store of this kind of aggregate.
    fn store(log: &EventLog) -> &Arc<AggregateStore<Self>>;
}

impl TargetAggregate for Conversation {
    fn store(log: &EventLog) -> &Arc<AggregateStore<Self>> {
        log.conversations()
    }
}

impl TargetAggregate for Mailbox {
    fn store(log: &EventLog) -> &Arc<AggregateStore<Self>> {
        log.mailboxes()
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

/// A parsed command that can be executed.
pub(crate) trait CommandHandler: Sync {
    /// The aggregate that decides.
    type Target: TargetAggregate;
    /// What the decision needs from other aggregates.
    type Lookups: Send;

    /// The kind of command, for metrics and fingerprints.
    fn command_kind(&self) -> CommandKind;

    /// The id of the target aggregate.
    fn aggregate_id(&self) -> &str;

    /// The idempotency key and fingerprint, if the client sent a key.
    fn idempotency(&self) -> Option<&Idempotency>;

    /// Loads what the decision needs from other aggregates, before the target is locked. Adds
    /// every aggregate it read to `observed`, even when it rejects the command.
    fn load_lookups(
        &self,
        state: &CommandState,
        observed: &mut Vec<Observation>,
    ) -> impl Future<Output = Result<Self::Lookups, AttemptError>> + Send;

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
        receipt: &Receipt,
    ) -> impl Future<Output = Result<bool, LogError>> + Send;
}
