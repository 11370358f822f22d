//! The queue in front of the committer, and the stamps that say how new a slot's state is.
//!
//! Every stamp changes under the queue's mutex only, so "has it moved since I looked?" and "take my
//! place in the log" are one step.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::envelope::Envelope;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};

use crate::append::{Appended, NotAppended, Observed, Ticket};
use crate::{Failed, NewReceipt};

/// Appends that may wait at once. Whoever comes later waits before deciding, so memory is bounded.
const MAX_QUEUED: usize = 8_192;

/// How new the state in a slot is. A slot that is loaded again gets a new stamp.
#[derive(Debug)]
pub(crate) struct Stamp {
    /// The stream's number in the log, 0 while the stream does not exist.
    stream: AtomicI64,
    /// The newest sequence, durable or only queued.
    sequence: AtomicI64,
    /// The newest sequence that is durable.
    durable: AtomicI64,
    /// The position of the last event of another process that was taken in here.
    moved: AtomicI64,
    /// The state has something in it that is not (or not so) in the log: load it again.
    invalid: AtomicBool,
}

impl Stamp {
    /// Of a state that is about to be loaded.
    pub(crate) fn unknown() -> Arc<Self> {
        Arc::new(Self {
            stream: AtomicI64::new(0),
            sequence: AtomicI64::new(0),
            durable: AtomicI64::new(0),
            moved: AtomicI64::new(0),
            invalid: AtomicBool::new(false),
        })
    }

    /// The state was loaded and is this new.
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

    /// Events of another process, up to this sequence and position, are in the state now.
    pub(crate) fn take_in(&self, sequence: i64, position: i64) {
        self.sequence.store(sequence, Ordering::Release);
        self.durable.store(sequence, Ordering::Release);
        self.moved.store(position, Ordering::Release);
    }

    /// Whether a decision made when the head was known to be `known` still stands.
    fn stands_since(&self, known: i64) -> bool {
        !self.is_invalid() && self.moved.load(Ordering::Acquire) <= known
    }
}

/// One event on its way: the envelope still without position and time.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) envelope: Envelope,
    pub(crate) message: Option<i64>,
}

/// One append on its way.
#[derive(Debug)]
pub(crate) struct Queued {
    pub(crate) stamp: Arc<Stamp>,
    pub(crate) rows: Vec<Row>,
    pub(crate) receipts: Vec<NewReceipt>,
    pub(crate) observed: Vec<Observed>,
    /// The head as it was known when this was queued.
    pub(crate) known: i64,
    pub(crate) reply: oneshot::Sender<Result<Appended, NotAppended>>,
    /// Keeps the slot in the cache and the queue bounded.
    pub(crate) _held: Held,
}

impl Queued {
    /// Whether everything it was decided on still stands.
    pub(crate) fn stands(&self) -> bool {
        self.stamp.stands_since(self.known)
            && self
                .observed
                .iter()
                .all(|seen| seen.stamp.stands_since(self.known))
    }
}

/// What an append keeps alive until it is answered.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) _slot: Arc<dyn std::any::Any + Send + Sync>,
    pub(crate) _permit: Arc<OwnedSemaphorePermit>,
}

/// What waits, and how far the log is known.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) appends: VecDeque<Queued>,
    /// Everything up to this position is in the slots that are loaded.
    pub(crate) known: i64,
    pub(crate) closed: bool,
}

/// See the module.
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

    /// The queue's state. A panic while it was held cannot have left it half changed: every change
    /// is a push or a number.
    pub(crate) fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until one more append may be queued.
    pub(crate) async fn room(&self) -> Result<Arc<OwnedSemaphorePermit>, Failed> {
        let permit = self
            .room
            .clone()
            .acquire_owned()
            .await
            .map_err(|_| Failed::Closed)?;
        Ok(Arc::new(permit))
    }

    /// Takes a place in the log for these rows, unless what they were decided on has moved.
    pub(crate) fn push(&self, stamp: &Arc<Stamp>, append: Rows, held: Held) -> Ticket {
        let Rows {
            events: rows,
            receipts,
            observed,
        } = append;
        let mut waiting = self.waiting();
        if waiting.closed {
            return Ticket::turned_away(NotAppended::Failed(Failed::Closed));
        }
        let moved =
            |seen: &Observed| seen.stamp.is_invalid() || seen.stamp.sequence() != seen.sequence;
        if stamp.is_invalid() || observed.iter().any(moved) {
            return Ticket::turned_away(NotAppended::Conflict);
        }
        let (reply, answer) = oneshot::channel();
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
            _held: held,
        });
        drop(waiting);
        self.arrived.notify_one();
        Ticket::queued(answer)
    }

    /// No more appends. What is queued is still written.
    pub(crate) fn close(&self) {
        self.waiting().closed = true;
        self.arrived.notify_one();
    }
}

/// An append, its events made ready for the log.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) events: Vec<Row>,
    pub(crate) receipts: Vec<NewReceipt>,
    pub(crate) observed: Vec<Observed>,
}
