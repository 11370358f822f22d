//! What a command hands to the log, and what it gets back.

use std::sync::Arc;

use domain::time::Timestamp;
use tokio::sync::oneshot;

use crate::queue::Stamp;
use crate::{Failed, Key, NewReceipt, Receipt};

/// Events for one aggregate, with what they were decided on. Without events it is an observation:
/// it is answered once everything that was seen is durable and known to be the newest.
#[derive(Debug)]
pub struct Append<E> {
    /// In order. They are appended all together or not at all.
    pub events: Vec<E>,
    /// The answers to keep under clients' keys.
    pub receipts: Vec<NewReceipt>,
    /// The other aggregates that were looked at.
    pub observed: Vec<Observed>,
}

impl<E> Append<E> {
    /// These events and nothing else.
    pub fn of(events: Vec<E>) -> Self {
        Self {
            events,
            receipts: Vec::new(),
            observed: Vec::new(),
        }
    }
}

/// An aggregate as it was when somebody looked: a decision made on it holds only while it has not
/// moved.
#[derive(Debug, Clone)]
pub struct Observed {
    pub(crate) stamp: Arc<Stamp>,
    pub(crate) sequence: i64,
}

/// Durable, and answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// The position of the first event; the head if there was none.
    pub first: i64,
    /// The position of the last event; the head if there was none.
    pub last: i64,
    /// When the log took it; the epoch if there was nothing to take.
    pub time: Timestamp,
}

/// Not appended.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NotAppended {
    /// What it was decided on has moved: decide again.
    #[error("what this was decided on has moved")]
    Conflict,
    /// Some of its keys were used before: here are the first answers.
    #[error("a key was used before")]
    Duplicate(Vec<(Key, Receipt)>),
    /// A machine did not do its part. It may be unknown whether the events were appended: asking
    /// again under the same key tells.
    #[error(transparent)]
    Failed(#[from] Failed),
}

/// The right to wait for an append. Dropping it does not undo the append.
#[derive(Debug)]
pub struct Ticket(TicketState);

#[derive(Debug)]
enum TicketState {
    Queued(oneshot::Receiver<Result<Appended, NotAppended>>),
    Turned(NotAppended),
}

impl Ticket {
    pub(crate) fn queued(reply: oneshot::Receiver<Result<Appended, NotAppended>>) -> Self {
        Self(TicketState::Queued(reply))
    }

    pub(crate) fn turned_away(why: NotAppended) -> Self {
        Self(TicketState::Turned(why))
    }

    pub(crate) fn is_queued(&self) -> bool {
        matches!(self.0, TicketState::Queued(_))
    }

    /// Waits until the append is durable or has failed.
    pub async fn done(self) -> Result<Appended, NotAppended> {
        match self.0 {
            TicketState::Queued(reply) => reply
                .await
                .unwrap_or(Err(NotAppended::Failed(Failed::Closed))),
            TicketState::Turned(why) => Err(why),
        }
    }
}
