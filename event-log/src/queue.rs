//! The queue in front of the committer, and the revisions that track how new a slot's state is.
//!
//! Revisions change only under the queue's mutex, so checking that an aggregate has not changed and
//! taking a place in the log are one atomic step.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::envelope::Envelope;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};

use crate::append::{Appended, NotAppended, Observed, Ticket};
use crate::{Failed, NewReceipt};

/// How many appends may be queued. Further commands wait before they decide, which bounds memory.
const MAX_QUEUED: usize = 8_192;

/// The revision of the state in a slot. Reloading a slot creates a new revision.
#[derive(Debug)]
pub(crate) struct Stamp {
    /// The id of the stream in the log, 0 while the stream does not exist.
    stream: AtomicI64,
    /// The newest sequence, durable or still queued.
    sequence: AtomicI64,
    /// The newest durable sequence.
    durable: AtomicI64,
    /// The position of the last event of another process that has been applied.
    moved: AtomicI64,
    /// The state differs from the log and must be reloaded.
    invalid: AtomicBool,
}

impl Stamp {
    /// The revision of a state that is about to be loaded.
    pub(crate) fn unknown() -> Arc<Self> {
        Arc::new(Self {
            stream: AtomicI64::new(0),
            sequence: AtomicI64::new(0),
            durable: AtomicI64::new(0),
            moved: AtomicI64::new(0),
            invalid: AtomicBool::new(false),
        })
    }

    /// Records the stream and the sequence at which the state was loaded.
    pub(crate) fn loaded(&self, stream: i64, sequence: i64) {
        self.set_stream(stream);
        self.sequence.store(sequence, Ordering::Release);
        self.set_durable(sequence);
    }

    pub(crate) fn stream(&self) -> i64 {
        self.stream.load(Ordering::Acquire)
    }

    pub(crate) fn set_stream(&self, stream: i64) {
        self.stream.store(stream, Ordering::Release);
    }

    pub(crate) fn sequence(&self) -> i64 {
        self.sequence.load(Ordering::Acquire)
    }

    pub(crate) fn durable(&self) -> i64 {
        self.durable.load(Ordering::Acquire)
    }

    pub(crate) fn set_durable(&self, sequence: i64) {
        self.durable.store(sequence, Ordering::Release);
    }

    pub(crate) fn is_invalid(&self) -> bool {
        self.invalid.load(Ordering::Acquire)
    }

    pub(crate) fn invalidate(&self) {
        self.invalid.store(true, Ordering::Release);
    }

    /// Records that the events of another process have been applied, up to this sequence and
    /// position.
    pub(crate) fn take_in(&self, sequence: i64, position: i64) {
        self.sequence.store(sequence, Ordering::Release);
        self.durable.store(sequence, Ordering::Release);
        self.moved.store(position, Ordering::Release);
    }

    /// Whether a decision made when the known head was `known` is still valid.
    fn stands_since(&self, known: i64) -> bool {
        !self.is_invalid() && self.moved.load(Ordering::Acquire) <= known
    }
}

/// An event to append. Its envelope does not have a position or a time yet.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) envelope: Envelope,
    pub(crate) message: Option<i64>,
}

/// A queued append.
#[derive(Debug)]
pub(crate) struct Queued {
    pub(crate) stamp: Arc<Stamp>,
    pub(crate) rows: Vec<Row>,
    pub(crate) receipts: Vec<NewReceipt>,
    pub(crate) observed: Vec<Observed>,
    /// The known head at the time of queueing.
    pub(crate) known: i64,
    pub(crate) reply: oneshot::Sender<Result<Appended, NotAppended>>,
    /// Keeps the slot in the cache, and holds the permit that bounds the queue.
    pub(crate) _held: Held,
}

impl Queued {
    /// Whether nothing that the decision relied on has changed.
    pub(crate) fn stands(&self) -> bool {
        self.stamp.stands_since(self.known)
            && self
                .observed
                .iter()
                .all(|observation| observation.stamp.stands_since(self.known))
    }
}

/// What an append keeps alive until its ticket is resolved.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) _slot: Arc<dyn std::any::Any + Send + Sync>,
    pub(crate) _permit: Arc<OwnedSemaphorePermit>,
}

/// The queued appends, and the known head of the log.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) appends: VecDeque<Queued>,
    /// The loaded slots include all events up to this position.
    pub(crate) known: i64,
    pub(crate) closed: bool,
}

/// The queue of appends, bounded by a semaphore.
#[derive(Debug)]
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    pub(crate) arrived: Notify,
    room: Arc<Semaphore>,
}

impl Queue {
    pub(crate) fn new(known: i64) -> Arc<Self> {
        Arc::new(Self {
            waiting: Mutex::new(Waiting {
                appends: VecDeque::new(),
                known,
                closed: false,
            }),
            arrived: Notify::new(),
            room: Arc::new(Semaphore::new(MAX_QUEUED)),
        })
    }

    /// Locks the state. A poisoned mutex is safe to use: every change is a single push or
    /// assignment, so a panic cannot leave the state inconsistent.
    pub(crate) fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until one more append may be queued, and reserves its place.
    pub(crate) async fn room(&self) -> Result<Arc<OwnedSemaphorePermit>, Failed> {
        let permit = self
            .room
            .clone()
            .acquire_owned()
            .await
            .map_err(|_| Failed::Closed)?;
        Ok(Arc::new(permit))
    }

    /// Queues an append, unless an aggregate that the decision relied on has changed.
    pub(crate) fn push(&self, stamp: &Arc<Stamp>, append: Rows, keep_alive: Held) -> Ticket {
        let Rows {
            events: rows,
            receipts,
            observed,
        } = append;
        let mut waiting = self.waiting();
        if waiting.closed {
            return Ticket::turned_away(NotAppended::Failed(Failed::Closed));
        }
        let has_changed = |observation: &Observed| {
            observation.stamp.is_invalid() || observation.stamp.sequence() != observation.sequence
        };
        if stamp.is_invalid() || observed.iter().any(has_changed) {
            return Ticket::turned_away(NotAppended::Conflict);
        }
        let (reply, response) = oneshot::channel();
        stamp
            .sequence
            .fetch_add(rows.len() as i64, Ordering::AcqRel);
        let known = waiting.known;
        let stamp = stamp.clone();
        waiting.appends.push_back(Queued {
            stamp,
            rows,
            receipts,
            observed,
            known,
            reply,
            _held: keep_alive,
        });
        drop(waiting);
        self.arrived.notify_one();
        Ticket::queued(response)
    }

    /// Closes the queue. Appends that are already queued are still written.
    pub(crate) fn close(&self) {
        self.waiting().closed = true;
        self.arrived.notify_one();
    }
}

/// An append whose events are encoded for the log.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) events: Vec<Row>,
    pub(crate) receipts: Vec<NewReceipt>,
    pub(crate) observed: Vec<Observed>,
}
