//! The batch that the committer writes: which appends can be written, and which are rejected.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::queue::{AppendQueue, QueuedAppend};
use super::request::AppendError;
use super::revision::Revision;

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
    pub(crate) fn extend(&mut self, dequeued: Vec<QueuedAppend>) {
        let mut all = std::mem::take(&mut self.appends);
        all.extend(dequeued);
        let (appends, repeated) = split_off_duplicate_keys(all);
        self.appends = appends;
        self.repeated.extend(repeated);
    }

    /// Removes the appends to write, and returns them.
    pub(crate) fn take(&mut self) -> Vec<QueuedAppend> {
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
            let (current, stale): (Vec<_>, Vec<_>) =
                self.take().into_iter().partition(QueuedAppend::is_current);
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

/// Splits off appends with a repeated key. A key can be written once, so of two appends with the
/// same key in a batch the later one is rejected, with everything decided on top of it; when its
/// command is retried, it finds the receipt of the first. Returns the appends to write and those to
/// reject.
fn split_off_duplicate_keys(batch: Vec<QueuedAppend>) -> (Vec<QueuedAppend>, Vec<QueuedAppend>) {
    let mut keys = HashSet::new();
    let mut rejected: Vec<Arc<Revision>> = Vec::new();
    batch.into_iter().partition(|append| {
        let is_first = append
            .receipts
            .iter()
            .all(|receipt| keys.insert(receipt.key));
        let is_rejected =
            |revision: &Arc<Revision>| rejected.iter().any(|other| Arc::ptr_eq(other, revision));
        let stays = is_first
            && !is_rejected(&append.revision)
            && !append
                .observations
                .iter()
                .any(|other| is_rejected(&other.revision));
        if !stays && !append.rows.is_empty() {
            rejected.push(append.revision.clone());
        }
        stays
    })
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
