//! What every command is once it is parsed: an order. It says which aggregate it is for, what it
//! must know of others, what it asks, and what the answer is.

use std::future::Future;
use std::sync::Arc;

use domain::conversation::Conversation;
use domain::mailbox::Mailbox;
use domain::refusal::Refusal;
use event_log::store::Stored;
use event_log::{EventLog, Failed, Locked, Observed, Receipt, Store};
use http::StatusCode;

use crate::answer::Fields;
use crate::keyed::Keyed;
use crate::meters::Op;
use crate::state::CommandState;

/// An aggregate that takes commands.
pub(crate) trait Home: Stored {
    /// Where the log keeps aggregates of this kind.
    fn store(log: &EventLog) -> &Arc<Store<Self>>;
}

impl Home for Conversation {
    fn store(log: &EventLog) -> &Arc<Store<Self>> {
        log.conversations()
    }
}

impl Home for Mailbox {
    fn store(log: &EventLog) -> &Arc<Store<Self>> {
        log.mailboxes()
    }
}

/// Why an attempt ends without a decision.
#[derive(Debug)]
pub(crate) enum Stop {
    /// A rule said no.
    Refused(Refusal),
    /// What was looked up no longer fits: look again.
    Again,
    /// A machine did not do its part.
    Failed(Failed),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Failed> for Stop {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed)
    }
}

/// What an order makes happen, and its answer.
pub(crate) struct Decision<E> {
    pub(crate) events: Vec<E>,
    pub(crate) status: StatusCode,
    pub(crate) fields: Fields,
}

impl<E> Decision<E> {
    /// An answer that tells the position alone.
    pub(crate) fn plain(events: Vec<E>) -> Self {
        Self::with(events, Fields::none())
    }

    pub(crate) fn with(events: Vec<E>, fields: Fields) -> Self {
        Self {
            events,
            status: StatusCode::OK,
            fields,
        }
    }
}

/// One parsed command.
pub(crate) trait Order: Sync {
    /// Whom it is for.
    type Home: Home;
    /// What it must know of other aggregates.
    type Known: Send;

    /// Its name.
    fn op(&self) -> Op;

    /// The aggregate's id.
    fn id(&self) -> &str;

    /// The client's key, if there is one.
    fn keyed(&self) -> Option<&Keyed>;

    /// Looks at other aggregates, before its own is locked. Everything that was looked at is put
    /// into `seen`, also when the answer is no.
    fn look_up(
        &self,
        state: &CommandState,
        seen: &mut Vec<Observed>,
    ) -> impl Future<Output = Result<Self::Known, Stop>> + Send;

    /// Asks the locked aggregate.
    fn decide(
        &self,
        state: &CommandState,
        locked: &Locked<Self::Home>,
        known: Self::Known,
    ) -> impl Future<Output = Result<Decision<<Self::Home as cqrs_es::Aggregate>::Event>, Stop>> + Send;

    /// Whether the caller still has access to what the first answer speaks of.
    fn may_replay(
        &self,
        state: &CommandState,
        receipt: &Receipt,
    ) -> impl Future<Output = Result<bool, Failed>> + Send;
}
