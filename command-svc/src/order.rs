//! The interface of a parsed command. A command handler names its target aggregate, loads what it
//! needs from other aggregates, decides, and describes the response.

use std::future::Future;
use std::sync::Arc;

use domain::conversation::Conversation;
use domain::mailbox::Mailbox;
use domain::refusal::Refusal;
use event_log::store::CachedAggregate;
use event_log::{EventLog, LogError, LockedAggregate, Observation, Receipt, AggregateStore};
use http::StatusCode;

use crate::answer::Fields;
use crate::keyed::Keyed;
use crate::meters::Op;
use crate::state::CommandState;

/// An aggregate that commands can target.
pub(crate) trait Home: CachedAggregate {
    /// The store of this kind of aggregate.
    fn store(log: &EventLog) -> &Arc<AggregateStore<Self>>;
}

impl Home for Conversation {
    fn store(log: &EventLog) -> &Arc<AggregateStore<Self>> {
        log.conversations()
    }
}

impl Home for Mailbox {
    fn store(log: &EventLog) -> &Arc<AggregateStore<Self>> {
        log.mailboxes()
    }
}

/// Why an attempt ended without a decision.
#[derive(Debug)]
pub(crate) enum Stop {
    /// A domain rule rejected the command.
    Refused(Refusal),
    /// A lookup is out of date; load it and decide again.
    Again,
    /// The event log failed.
    Failed(LogError),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<LogError> for Stop {
    fn from(error: LogError) -> Self {
        Self::Failed(error)
    }
}

/// The events that a command produces, and its response.
pub(crate) struct Decision<E> {
    pub(crate) events: Vec<E>,
    pub(crate) status: StatusCode,
    pub(crate) fields: Fields,
}

impl<E> Decision<E> {
    /// A decision whose response contains only the position.
    pub(crate) fn plain(events: Vec<E>) -> Self {
        Self::with(events, Fields::none())
    }

    /// A decision with status 200 and this response body.
    pub(crate) fn with(events: Vec<E>, fields: Fields) -> Self {
        Self {
            events,
            status: StatusCode::OK,
            fields,
        }
    }
}

/// A parsed command that can be executed.
pub(crate) trait Order: Sync {
    /// The aggregate that decides.
    type Home: Home;
    /// What the decision needs from other aggregates.
    type Known: Send;

    /// The kind of command, for metrics and fingerprints.
    fn op(&self) -> Op;

    /// The id of the target aggregate.
    fn id(&self) -> &str;

    /// The idempotency key and fingerprint, if the client sent a key.
    fn keyed(&self) -> Option<&Keyed>;

    /// Loads what the decision needs from other aggregates, before the target is locked. Adds
    /// every aggregate it read to `observed`, even when it rejects the command.
    fn look_up(
        &self,
        state: &CommandState,
        observed: &mut Vec<Observation>,
    ) -> impl Future<Output = Result<Self::Known, Stop>> + Send;

    /// Decides on the locked aggregate.
    fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Self::Home>,
        lookups: Self::Known,
    ) -> impl Future<Output = Result<Decision<<Self::Home as cqrs_es::Aggregate>::Event>, Stop>> + Send;

    /// Whether the caller still has access to what the first response refers to.
    fn may_replay(
        &self,
        state: &CommandState,
        receipt: &Receipt,
    ) -> impl Future<Output = Result<bool, LogError>> + Send;
}
