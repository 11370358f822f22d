//! The queue in front of the committer, and the revisions that track how new a slot's state is.
//!
//! Revisions change only under the queue's mutex, so checking that an aggregate has not changed and
//! taking a place in the log are one atomic step.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::envelope::Envelope;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};

use crate::append::{AppendError, AppendTicket, AppendedRange, Observation};
use crate::{LogError, NewReceipt};

/// How many appends may be queued. Further commands wait before they decide, which bounds memory.
const MAX_QUEUED: usize = 8_192;

/// The revision of the state in a slot. Reloading a slot creates a new revision.
#[derive(Debug)]
pub(crate) struct Revision {
    /// The id of the stream in the log, 0 while the stream does not exist.
    stream_id: AtomicI64,
    /// The newest sequence, durable or still queued.
    sequence: AtomicI64,
    /// The newest durable sequence.
    durable_sequence: AtomicI64,
    /// The position of the last event of another process that has been applied.
    external_position: AtomicI64,
    /// The state differs from the log and must be reloaded.
    invalid: AtomicBool,
}

impl Revision {
    /// The revision of a state that is about to be loaded.
    pub(crate) fn unknown() -> Arc<Self> {
        Arc::new(Self {
            stream_id: AtomicI64::new(0),
            sequence: AtomicI64::new(0),
            durable_sequence: AtomicI64::new(0),
            external_position: AtomicI64::new(0),
            invalid: AtomicBool::new(false),
        })
    }

    /// Records the stream and the sequence at which the state was loaded.
    pub(crate) fn set_loaded(&self, stream: i64, sequence: i64) {
        self.set_stream_id(stream);
        self.sequence.store(sequence, Ordering::Release);
        self.set_durable_sequence(sequence);
    }

    pub(crate) fn stream_id(&self) -> i64 {
        self.stream_id.load(Ordering::Acquire)
    }

    pub(crate) fn set_stream_id(&self, stream: i64) {
        self.stream_id.store(stream, Ordering::Release);
    }

    pub(crate) fn sequence(&self) -> i64 {
        self.sequence.load(Ordering::Acquire)
    }

    pub(crate) fn durable_sequence(&self) -> i64 {
        self.durable_sequence.load(Ordering::Acquire)
    }

    pub(crate) fn set_durable_sequence(&self, sequence: i64) {
        self.durable_sequence.store(sequence, Ordering::Release);
    }

    pub(crate) fn is_invalid(&self) -> bool {
        self.invalid.load(Ordering::Acquire)
    }

    pub(crate) fn invalidate(&self) {
        self.invalid.store(true, Ordering::Release);
    }

    /// Records that the events of another process have been applied, up to this sequence and
    /// position.
    pub(crate) fn advance_external(&self, sequence: i64, position: i64) {
        self.sequence.store(sequence, Ordering::Release);
        self.durable_sequence.store(sequence, Ordering::Release);
        self.external_position.store(position, Ordering::Release);
    }

    /// Whether a decision made when the known head was `known` is still valid.
    fn unchanged_since(&self, known: i64) -> bool {
        !self.is_invalid() && self.external_position.load(Ordering::Acquire) <= known
    }
}

/// An event to append. Its envelope does not have a position or a time yet.
#[derive(Debug)]
pub(crate) struct EventRow {
    pub(crate) envelope: Envelope,
    pub(crate) message_seq: Option<i64>,
}

/// A queued append.
#[derive(Debug)]
pub(crate) struct QueuedAppend {
    pub(crate) revision: Arc<Revision>,
    pub(crate) rows: Vec<EventRow>,
    pub(crate) receipts: Vec<NewReceipt>,
    pub(crate) observations: Vec<Observation>,
    /// The known head at the time of queueing.
    pub(crate) known_head: i64,
    pub(crate) reply: oneshot::Sender<Result<AppendedRange, AppendError>>,
    /// Keeps the slot in the cache, and holds the permit that bounds the queue.
    pub(crate) _keep_alive: KeepAlive,
}

impl QueuedAppend {
    /// Whether nothing that the decision relied on has changed.
    pub(crate) fn is_current(&self) -> bool {
        self.revision.unchanged_since(self.known_head)
            && self
                .observations
                .iter()
                .all(|observation| observation.revision.unchanged_since(self.known_head))
    }
}

/// What an append keeps alive until its ticket is resolved.
#[derive(Debug)]
pub(crate) struct KeepAlive {
    pub(crate) _slot: Arc<dyn std::any::Any + Send + Sync>,
    pub(crate) _permit: Arc<OwnedSemaphorePermit>,
}

/// The queued appends, and the known head of the log.
#[derive(Debug)]
pub(crate) struct QueueState {
    pub(crate) appends: VecDeque<QueuedAppend>,
    /// The loaded slots include all events up to this position.
    pub(crate) known_head: i64,
    pub(crate) closed: bool,
}

/// The queue of appends, bounded by a semaphore.
#[derive(Debug)]
pub(crate) struct AppendQueue {
    state: Mutex<QueueState>,
    pub(crate) arrived: Notify,
    capacity: Arc<Semaphore>,
}

impl AppendQueue {
    pub(crate) fn new(known: i64) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(QueueState {
                appends: VecDeque::new(),
                known_head: known,
                closed: false,
            }),
            arrived: Notify::new(),
            capacity: Arc::new(Semaphore::new(MAX_QUEUED)),
        })
    }

    /// Locks the state. A poisoned mutex is safe to use: every change is a single push or
    /// assignment, so a panic cannot leave the state inconsistent.
    pub(crate) fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until one more append may be queued, and reserves its place.
    pub(crate) async fn reserve(&self) -> Result<Arc<OwnedSemaphorePermit>, LogError> {
        let permit = self
            .capacity
            .clone()
            .acquire_owned()
            .await
            .map_err(|_| LogError::Closed)?;
        Ok(Arc::new(permit))
    }

    /// Queues an append, unless an aggregate that the decision relied on has changed.
    pub(crate) fn push(
        &self,
        stamp: &Arc<Revision>,
        append: PreparedAppend,
        keep_alive: KeepAlive,
    ) -> AppendTicket {
        let PreparedAppend {
            rows,
            receipts,
            observations: observed,
        } = append;
        let mut waiting = self.lock();
        if waiting.closed {
            return AppendTicket::rejected(AppendError::Log(LogError::Closed));
        }
        let has_changed = |observation: &Observation| {
            observation.revision.is_invalid()
                || observation.revision.sequence() != observation.sequence
        };
        if stamp.is_invalid() || observed.iter().any(has_changed) {
            return AppendTicket::rejected(AppendError::Conflict);
        }
        let (reply, response) = oneshot::channel();
        stamp
            .sequence
            .fetch_add(rows.len() as i64, Ordering::AcqRel);
        let known = waiting.known_head;
        let stamp = stamp.clone();
        waiting.appends.push_back(QueuedAppend {
            revision: stamp,
            rows,
            receipts,
            observations: observed,
            known_head: known,
            reply,
            _keep_alive: keep_alive,
        });
        drop(waiting);
        self.arrived.notify_one();
        AppendTicket::from_reply(response)
    }

    /// Closes the queue. Appends that are already queued are still written.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
    }
}

/// An append whose events are encoded for the log.
#[derive(Debug, Default)]
pub(crate) struct PreparedAppend {
    pub(crate) rows: Vec<EventRow>,
    pub(crate) receipts: Vec<NewReceipt>,
    pub(crate) observations: Vec<Observation>,
}
