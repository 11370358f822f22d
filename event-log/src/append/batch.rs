//! The batch that the committer writes: which appends can be written, and which are rejected.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::queue::{AppendQueue, QueuedAppend};
use super::receipt::ReceiptKey;
use super::request::AppendError;

/// How long to wait for the first command that decides again. It may load its aggregate.
const FIRST_DECISION_TIMEOUT: Duration = Duration::from_millis(50);

/// How long to wait for each further one.
const NEXT_DECISION_TIMEOUT: Duration = Duration::from_millis(2);

/// Appends that are written together.
#[derive(Debug, Default)]
pub(crate) struct AppendBatch {
    /// The appends to write.
    pub(crate) appends: Vec<QueuedAppend>,
    /// Appends with the key of another one of the batch, and those decided on top of them. They are
    /// rejected as soon as the others are written.
    pub(crate) repeated: Vec<QueuedAppend>,
}

impl AppendBatch {
    /// Adds appends from the queue.
    ///
    /// A key can be written once, so of two appends with the same key the later one is set aside,
    /// with everything decided on top of it, also in a later call: its events will never be there.
    /// When its command is retried, it finds the receipt of the first.
    pub(crate) fn extend(&mut self, dequeued: Vec<QueuedAppend>) {
        let waiting = self.appends.iter().flat_map(|append| &append.receipts);
        let mut keys: HashSet<ReceiptKey> = waiting.map(|receipt| receipt.key).collect();
        for append in dequeued {
            let mut own = append.receipts.iter().map(|receipt| receipt.key);
            let is_first = own.all(|key| keys.insert(key));
            if is_first && !self.is_on_top_of_repeated(&append) {
                self.appends.push(append);
            } else {
                self.repeated.push(append);
            }
        }
    }

    fn is_on_top_of_repeated(&self, append: &QueuedAppend) -> bool {
        let writes = self.repeated.iter().filter(|other| !other.rows.is_empty());
        let mut written = writes.map(|other| &other.revision);
        written.any(|revision| {
            Arc::ptr_eq(revision, &append.revision)
                || append
                    .observations
                    .iter()
                    .any(|observation| Arc::ptr_eq(revision, &observation.revision))
        })
    }

    /// Removes the appends to write, and returns them.
    pub(crate) fn take_appends(&mut self) -> Vec<QueuedAppend> {
        std::mem::take(&mut self.appends)
    }

    /// Rejects the appends whose aggregates have changed since the decision. Returns how many of
    /// them had events.
    ///
    /// A rejected append makes those decided on top of it stale, so this repeats until none is
    /// stale.
    pub(crate) fn reject_stale(&mut self) -> usize {
        let mut rejected = 0;
        loop {
            let (current, stale): (Vec<_>, Vec<_>) = self
                .take_appends()
                .into_iter()
                .partition(QueuedAppend::is_current);
            self.appends = current;
            if stale.is_empty() {
                return rejected;
            }
            rejected += count_writes(&stale);
            reject_all(stale);
        }
    }

    /// Waits for the commands of rejected appends, and for others, to decide on the present state.
    /// The caller has locked the head, so that what they decide cannot become stale. Without this,
    /// a process whose aggregates others change all the time would never get to write.
    pub(crate) async fn await_decisions(
        &mut self,
        queue: &AppendQueue,
        rejected: usize,
        max_events: usize,
    ) {
        let mut deadline = Instant::now() + FIRST_DECISION_TIMEOUT;
        while let Ok(Some(decided)) = timeout_at(deadline, queue.next_batch(max_events)).await {
            self.extend(decided);
            self.reject_stale();
            let writes = count_writes(&self.appends);
            if writes >= rejected {
                break;
            }
            if writes > 0 {
                deadline = Instant::now() + NEXT_DECISION_TIMEOUT;
            }
        }
    }
}

/// How many appends have events.
fn count_writes(appends: &[QueuedAppend]) -> usize {
    let writes = appends.iter().filter(|append| !append.rows.is_empty());
    writes.count()
}

/// Rejects appends as conflicts and invalidates their aggregates: the commands must decide again on
/// reloaded states.
pub(crate) fn reject_all(appends: Vec<QueuedAppend>) {
    for append in appends {
        if !append.rows.is_empty() {
            append.revision.invalidate();
        }
        let _ = append.reply.send(Err(AppendError::Conflict));
    }
}

#[cfg(test)]
mod tests {
    use domain::envelope::{AggregateKind, Envelope};
    use domain::ids::{ClientKey, UserId};
    use domain::time::Timestamp;
    use serde_json::value::RawValue;
    use tokio::sync::oneshot;

    use super::*;
    use crate::append::queue::{EventRow, KeepAlive};
    use crate::append::receipt::NewReceipt;
    use crate::append::revision::Revision;

    fn event() -> EventRow {
        EventRow {
            envelope: Envelope {
                position: 0,
                tag: None,
                aggregate: AggregateKind::Conversation,
                aggregate_id: "c".into(),
                sequence: 1,
                event_type: "message_sent".into(),
                version: 1,
                time: Timestamp::from_millis(0),
                actor: None,
                traceparent: None,
                data: RawValue::from_string("{}".into()).expect("JSON"),
            },
            message_seq: None,
        }
    }

    /// An append of one event to the aggregate with this revision.
    async fn append(queue: &AppendQueue, revision: &Arc<Revision>, key: &str) -> QueuedAppend {
        let sender = UserId::parse("ann").expect("a user");
        let key = ClientKey::parse(key).expect("a key");
        QueuedAppend {
            revision: revision.clone(),
            rows: vec![event()],
            receipts: vec![NewReceipt {
                key: ReceiptKey::for_send(&sender, &key),
                fingerprint: 0,
                event_index: None,
                answer: Vec::new(),
            }],
            observations: Vec::new(),
            known_head: 0,
            reply: oneshot::channel().0,
            _keep_alive: KeepAlive {
                _slot: Arc::new(()),
                _permit: queue.reserve().await.expect("an open queue"),
            },
        }
    }

    #[tokio::test]
    async fn what_is_decided_on_top_of_a_repeated_append_is_not_written_either() {
        // Given a batch in which the second append repeats the key of the first,
        let queue = AppendQueue::new(0);
        let (one, other) = (Revision::unknown(), Revision::unknown());
        let mut batch = AppendBatch::default();
        batch.extend(vec![
            append(&queue, &one, "key").await,
            append(&queue, &other, "key").await,
        ]);
        assert_eq!((batch.appends.len(), batch.repeated.len()), (1, 1));
        // when the first one is stale, and a command decides on top of the second one,
        one.invalidate();
        assert_eq!(batch.reject_stale(), 1);
        batch.extend(vec![append(&queue, &other, "next").await]);
        // then that is set aside too: the events below it are not written.
        assert_eq!((batch.appends.len(), batch.repeated.len()), (0, 2));
        // And the command of the first one decides again, with the same key.
        batch.extend(vec![append(&queue, &Revision::unknown(), "key").await]);
        assert_eq!((batch.appends.len(), batch.repeated.len()), (1, 2));
    }
}
