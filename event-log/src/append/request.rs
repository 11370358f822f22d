//! Append requests and their results.

use std::sync::Arc;

use domain::ids::UserId;
use domain::time::Timestamp;
use tokio::sync::oneshot;

use super::receipt::{NewReceipt, Receipt, ReceiptKey};
use super::revision::Revision;
use crate::error::LogError;

/// A request to append events to one aggregate, with the observations that the decision relied on.
/// A request without events only confirms: its ticket resolves once all state that the decision saw
/// is durable and known to be the newest.
#[derive(Debug)]
pub struct AppendRequest<E> {
    /// The events, in order. They are appended atomically.
    pub events: Vec<E>,
    /// The receipts to store under the clients' keys.
    pub receipts: Vec<NewReceipt>,
    /// The other aggregates that the decision relied on.
    pub observations: Vec<Observation>,
    /// Who made the call, if it was made for another user or by an administrator.
    pub actor: Option<UserId>,
}

impl<E> AppendRequest<E> {
    /// A request with these events, without receipts or observations.
    pub fn from_events(events: Vec<E>) -> Self {
        Self {
            events,
            receipts: Vec::new(),
            observations: Vec::new(),
            actor: None,
        }
    }
}

/// The revision of another aggregate that a decision relied on. The decision holds only while that
/// aggregate has not changed.
#[derive(Debug, Clone)]
pub struct Observation {
    pub(crate) revision: Arc<Revision>,
    pub(crate) sequence: i64,
}

impl Observation {
    /// Whether the aggregate has changed since it was observed.
    pub(super) fn has_changed(&self) -> bool {
        self.revision.is_invalid() || self.revision.sequence() != self.sequence
    }
}

/// The positions and the time of a durable append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppendedRange {
    /// The position of the first event; the head if there was none.
    pub first: i64,
    /// The position of the last event; the head if there was none.
    pub last: i64,
    /// When the events were appended; the epoch if there were none.
    pub time: Timestamp,
}

/// Why a request was not appended.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// The aggregate, or an observed one, has changed since the decision: decide again.
    #[error("the aggregate has changed since the decision; decide again")]
    Conflict,
    /// Some of the keys have been used before. Contains their receipts.
    #[error("an idempotency key has already been used")]
    DuplicateKey(Vec<(ReceiptKey, Receipt)>),
    /// An infrastructure error. It may be unknown whether the events were appended; retrying with
    /// the same key is safe and returns the first result.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// A handle to wait for an append. Dropping it does not cancel the append.
#[derive(Debug)]
pub struct AppendTicket(TicketState);

#[derive(Debug)]
enum TicketState {
    Queued(oneshot::Receiver<Result<AppendedRange, AppendError>>),
    Rejected(AppendError),
}

impl AppendTicket {
    pub(crate) fn from_reply(reply: oneshot::Receiver<Result<AppendedRange, AppendError>>) -> Self {
        Self(TicketState::Queued(reply))
    }

    pub(crate) fn rejected(error: AppendError) -> Self {
        Self(TicketState::Rejected(error))
    }

    pub(crate) fn is_queued(&self) -> bool {
        matches!(self.0, TicketState::Queued(_))
    }

    /// Waits until the append is durable or has failed.
    pub async fn wait(self) -> Result<AppendedRange, AppendError> {
        match self.0 {
            TicketState::Queued(reply) => reply
                .await
                .unwrap_or(Err(AppendError::Log(LogError::Closed))),
            TicketState::Rejected(error) => Err(error),
        }
    }
}
