//! The queue in front of the committer.
//!
//! Revisions change only under the queue's mutex, so checking that an aggregate has not changed and
//! taking a place in the log are one atomic step.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::envelope::Envelope;
use domain::history::EpochTag;
use domain::time::Timestamp;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};

use super::receipt::NewReceipt;
use super::request::{AppendError, AppendTicket, AppendedRange, Observation};
use super::revision::Revision;
use crate::error::LogError;

/// How many appends may be queued. Further commands wait before they decide, which bounds memory.
const MAX_QUEUED: usize = 8_192;

/// An event to append. Its envelope does not have a position or a time yet.
#[derive(Debug)]
pub(crate) struct EventRow {
    pub(crate) envelope: Envelope,
    pub(crate) message_seq: Option<i64>,
}

/// An append whose events are encoded for the log.
#[derive(Debug, Default)]
pub(crate) struct PreparedAppend {
    pub(crate) rows: Vec<EventRow>,
    pub(crate) receipts: Vec<NewReceipt>,
    pub(crate) observations: Vec<Observation>,
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

/// Where a batch was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CommittedBatch {
    /// The head before the batch.
    pub(crate) previous_head: i64,
    /// The time of the events.
    pub(crate) time: Timestamp,
    /// The tag of the epoch in which they were written.
    pub(crate) tag: EpochTag,
}

/// What an append keeps alive until its ticket is resolved.
#[derive(Debug)]
pub(crate) struct KeepAlive {
    pub(crate) _slot: Arc<dyn std::any::Any + Send + Sync>,
    pub(crate) _permit: Arc<OwnedSemaphorePermit>,
}

#[derive(Debug)]
struct QueueState {
    appends: VecDeque<QueuedAppend>,
    /// The loaded slots include all events up to this position.
    known_head: i64,
    is_closed: bool,
}

/// The queue of appends, bounded by a semaphore, and the known head of the log.
#[derive(Debug)]
pub(crate) struct AppendQueue {
    state: Mutex<QueueState>,
    arrived: Notify,
    capacity: Arc<Semaphore>,
}

impl AppendQueue {
    pub(crate) fn new(known_head: i64) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(QueueState {
                appends: VecDeque::new(),
                known_head,
                is_closed: false,
            }),
            arrived: Notify::new(),
            capacity: Arc::new(Semaphore::new(MAX_QUEUED)),
        })
    }

    /// Locks the state. A poisoned mutex is safe to use: every change is a single push or
    /// assignment, so a panic cannot leave the state inconsistent.
    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The durable head, as far as this process knows. The loaded slots include all events up to
    /// it.
    pub(crate) fn known_head(&self) -> i64 {
        self.lock().known_head
    }

    /// Advances the known head over the events of other processes, which `apply` applies to the
    /// loaded slots. It runs under the mutex: no append is queued on a state that lacks them.
    pub(crate) fn advance_known_head(&self, head: i64, apply: impl FnOnce()) {
        let mut state = self.lock();
        apply();
        state.known_head = head;
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
        revision: &Arc<Revision>,
        append: PreparedAppend,
        keep_alive: KeepAlive,
    ) -> AppendTicket {
        let mut state = self.lock();
        if state.is_closed {
            return AppendTicket::rejected(AppendError::Log(LogError::Closed));
        }
        if revision.is_invalid() || append.observations.iter().any(Observation::has_changed) {
            return AppendTicket::rejected(AppendError::Conflict);
        }
        revision.advance_queued(append.rows.len() as i64);
        let known_head = state.known_head;
        let (reply, response) = oneshot::channel();
        state.appends.push_back(QueuedAppend {
            revision: revision.clone(),
            rows: append.rows,
            receipts: append.receipts,
            observations: append.observations,
            known_head,
            reply,
            _keep_alive: keep_alive,
        });
        drop(state);
        self.arrived.notify_one();
        AppendTicket::from_reply(response)
    }

    /// Queues an append without an aggregate, events or observations. Its ticket resolves with the
    /// head, once everything that was queued before it is durable.
    pub(crate) fn push_head_observation(&self, permit: Arc<OwnedSemaphorePermit>) -> AppendTicket {
        let keep_alive = KeepAlive {
            _slot: Arc::new(()),
            _permit: permit,
        };
        self.push(&Revision::unknown(), PreparedAppend::default(), keep_alive)
    }

    /// Waits for appends and dequeues the next ones, in order, with at most `max_events` events if
    /// there is more than one. `None` when the queue is closed and empty.
    pub(crate) async fn next_batch(&self, max_events: usize) -> Option<Vec<QueuedAppend>> {
        loop {
            let arrived = self.arrived.notified();
            {
                let mut state = self.lock();
                let batch = dequeue(&mut state.appends, max_events);
                if !batch.is_empty() {
                    return Some(batch);
                }
                if state.is_closed {
                    return None;
                }
            }
            arrived.await;
        }
    }

    /// Resolves the tickets of a batch that is durable, and advances the known head. Returns its
    /// events with their positions, tags and time.
    pub(crate) fn complete(
        &self,
        batch: Vec<QueuedAppend>,
        committed: CommittedBatch,
    ) -> Vec<Envelope> {
        let CommittedBatch {
            previous_head,
            time,
            tag,
        } = committed;
        let mut events = Vec::new();
        let mut position = previous_head;
        let mut state = self.lock();
        for append in batch {
            let first = position + 1;
            for mut row in append.rows {
                position += 1;
                row.envelope.position = position;
                row.envelope.tag = Some(tag);
                row.envelope.time = time;
                append.revision.set_durable_sequence(row.envelope.sequence);
                events.push(row.envelope);
            }
            state.known_head = state.known_head.max(position);
            let appended = AppendedRange {
                first: first.min(position),
                last: position,
                time,
            };
            let _ = append.reply.send(Ok(appended));
        }
        events
    }

    /// Closes the queue. Appends that are already queued are still written.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.arrived.notify_one();
    }
}

/// Removes the first appends, with at most `max_events` events if there is more than one.
fn dequeue(appends: &mut VecDeque<QueuedAppend>, max_events: usize) -> Vec<QueuedAppend> {
    let mut batch = Vec::new();
    let mut events = 0;
    while let Some(next) = appends.front() {
        if !batch.is_empty() && events + next.rows.len() > max_events {
            break;
        }
        events += next.rows.len().max(1);
        batch.extend(appends.pop_front());
    }
    batch
}
