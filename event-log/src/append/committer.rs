//! The committer: the single task of a process that appends. It dequeues a batch, writes it in one
//! statement, resolves all tickets of the batch, and continues with what has been queued in the
//! meantime.

use std::sync::Arc;
use std::time::{Duration, Instant};

use connectivity::{OutageLog, has_sqlstate};
use sqlx::PgPool;
use traces::{BatchSpans, SpanKind};

use super::batch::{self, AppendBatch};
use super::commits::CommitBroadcaster;
use super::queue::{AppendQueue, CommittedBatch, QueuedAppend};
use super::receipt;
use super::receipt_lookup::ReceiptLookup;
use super::request::AppendError;
use super::statement::{BatchColumns, CommitOutcome};
use super::writer_session::{WriterSession, confirmed_at};
use crate::error::LogError;
use crate::traced_events::traced_events;

/// How many attempts a batch gets while keys turn out to exist, the head moves or the outcome is
/// unknown.
const MAX_ATTEMPTS: usize = 8;

/// How long Postgres may be unavailable before the queued appends fail.
const OUTAGE_TIMEOUT: Duration = Duration::from_secs(2);

/// The pause between two attempts to connect.
const RECONNECT_INTERVAL: Duration = Duration::from_millis(50);

/// The task that appends, with its session.
pub(crate) struct Committer {
    pool: PgPool,
    queue: Arc<AppendQueue>,
    session: WriterSession,
    receipts: Arc<ReceiptLookup>,
    commits: CommitBroadcaster,
    max_batch: usize,
    /// Whether batches are written. An observation shows only that Postgres can be read.
    outages: OutageLog,
}

impl Committer {
    /// A committer of the appends in `queue`, in batches of at most `max_batch` events. It writes
    /// them with `session`, publishes them to `commits`, reads receipts from the pool, and reports
    /// repeated keys to `receipts`.
    pub(crate) fn new(
        pool: PgPool,
        queue: Arc<AppendQueue>,
        session: WriterSession,
        receipts: Arc<ReceiptLookup>,
        commits: CommitBroadcaster,
        max_batch: usize,
    ) -> Self {
        Self {
            pool,
            queue,
            session,
            receipts,
            commits,
            max_batch,
            outages: OutageLog::new("Appending to the log"),
        }
    }

    /// Commits batches until the queue is closed and empty.
    pub(crate) async fn run(mut self) {
        while let Some(batch) = self.queue.next_batch(self.max_batch).await {
            self.commit_batch(batch).await;
        }
    }

    /// Commits a batch. When this returns, every ticket in it is resolved.
    async fn commit_batch(&mut self, dequeued: Vec<QueuedAppend>) {
        let mut batch = AppendBatch::default();
        batch.extend(dequeued);
        self.commit_with_retries(&mut batch).await;
        // Not earlier: rejecting these invalidates their aggregates, and the appends before them on
        // the same aggregates must stay valid until they are written.
        batch::reject_all(batch.repeated);
    }

    async fn commit_with_retries(&mut self, batch: &mut AppendBatch) {
        let started = Instant::now();
        let mut last_error = String::from("the head of the log kept moving");
        let mut lock_head = false;
        for _ in 0..MAX_ATTEMPTS {
            batch.reject_stale();
            if batch.appends.is_empty() {
                return;
            }
            if let Err(error) = self.open_session(started).await {
                last_error = error.to_string();
                break;
            }
            match self.try_commit(batch, lock_head).await {
                Ok(CommitOutcome::Committed(committed)) => {
                    metrics::histogram!("tidings_commit_seconds").record(started.elapsed());
                    return self.complete_batch(batch.take_appends(), committed, started);
                }
                Ok(CommitOutcome::HeadMoved) => lock_head = true,
                Ok(CommitOutcome::DuplicateKey) => {
                    if let Err(error) = self.answer_duplicate_keys(batch).await {
                        last_error = error.to_string();
                    }
                }
                Err(error) => {
                    lock_head = true;
                    let resolved = self
                        .resolve_unknown_outcome(&batch.appends, &error, started)
                        .await;
                    match resolved {
                        Ok(Some(committed)) => {
                            return self.complete_batch(batch.take_appends(), committed, started);
                        }
                        Ok(None) => last_error = error.to_string(),
                        // This says why there is no new session, which lasts longer.
                        Err(error) => last_error = error.to_string(),
                    }
                    if started.elapsed() > OUTAGE_TIMEOUT || is_exhausted(&error) {
                        break;
                    }
                }
            }
        }
        self.fail_batch(batch.take_appends(), &last_error);
    }

    fn fail_batch(&self, batch: Vec<QueuedAppend>, error: &str) {
        self.outages.record_failure(&error);
        tracing::debug!(error, appends = batch.len(), "failed to commit a batch");
        for append in &batch {
            append.revision.invalidate();
        }
        for append in batch {
            let failed = LogError::Unavailable(error.to_owned());
            let _ = append.reply.send(Err(AppendError::Log(failed)));
        }
    }

    /// Opens the session unless it is open, for as long as an outage may last.
    async fn open_session(&mut self, started: Instant) -> Result<(), sqlx::Error> {
        loop {
            match self.session.ensure_open().await {
                Ok(()) => return Ok(()),
                Err(error) if started.elapsed() > OUTAGE_TIMEOUT => return Err(error),
                Err(_) => tokio::time::sleep(RECONNECT_INTERVAL).await,
            }
        }
    }

    /// Makes one attempt. With `lock_head`, it holds the head's row lock, so that no other writer
    /// can append in between.
    async fn try_commit(
        &mut self,
        batch: &mut AppendBatch,
        lock_head: bool,
    ) -> Result<CommitOutcome, sqlx::Error> {
        if !batch.appends.iter().all(QueuedAppend::is_current) {
            return Ok(CommitOutcome::HeadMoved);
        }
        self.session.assign_stream_ids(&batch.appends).await?;
        let columns = BatchColumns::from_batch(&batch.appends);
        if columns.is_empty() {
            return self.confirm_observations().await;
        }
        if lock_head {
            let max_batch = self.max_batch;
            return self.session.append_under_head_lock(batch, max_batch).await;
        }
        self.session.append(&columns).await
    }

    /// For batches of observations only: they hold if the head is where it was known to be. If the
    /// last append has failed, the next must succeed before they hold: readiness depends on it.
    async fn confirm_observations(&mut self) -> Result<CommitOutcome, sqlx::Error> {
        if self.outages.is_away() {
            self.session.rehearse().await?;
            self.outages.record_success();
        }
        let head = self.session.load_head().await?;
        if self.session.is_known(head) {
            return Ok(CommitOutcome::Committed(confirmed_at(head)));
        }
        self.session.catch_up(head).await?;
        Ok(CommitOutcome::HeadMoved)
    }

    /// Resolves the appends whose keys exist with the stored receipts. Appends that were decided on
    /// top of them become conflicts.
    async fn answer_duplicate_keys(&mut self, batch: &mut AppendBatch) -> Result<(), LogError> {
        self.receipts.record_repeat();
        let keys: Vec<_> = batch
            .appends
            .iter()
            .flat_map(|append| append.receipts.iter().map(|receipt| receipt.key))
            .collect();
        let known = receipt::find(&self.pool, &keys).await?;
        let (repeated, rest): (Vec<_>, Vec<_>) =
            batch.take_appends().into_iter().partition(|append| {
                append
                    .receipts
                    .iter()
                    .any(|receipt| known.contains_key(&receipt.key))
            });
        batch.appends = rest;
        for append in repeated {
            if !append.rows.is_empty() {
                append.revision.invalidate();
            }
            let first = append
                .receipts
                .iter()
                .filter_map(|receipt| Some((receipt.key, known.get(&receipt.key)?.clone())))
                .collect();
            let _ = append.reply.send(Err(AppendError::DuplicateKey(first)));
        }
        Ok(())
    }

    /// Finds out, after an error, whether the batch was written. Returns where if it was, and if
    /// everything that the server replicates synchronously has been replicated up to it. Fails if
    /// that cannot be found out in time.
    async fn resolve_unknown_outcome(
        &mut self,
        batch: &[QueuedAppend],
        error: &sqlx::Error,
        started: Instant,
    ) -> Result<Option<CommittedBatch>, sqlx::Error> {
        tracing::debug!(%error, "a commit failed; checking whether it was written");
        if matches!(error, sqlx::Error::Database(_)) && !is_session_lost(error) {
            // The server rejected the statement because of a race for a key or a stream. The next
            // attempt sees and applies what won the race.
            return Ok(None);
        }
        let Some(tag) = self.session.epoch() else {
            return Ok(None);
        };
        let columns = BatchColumns::from_batch(batch);
        loop {
            match self.session.reopen_after(&columns, tag).await {
                Ok(time) => {
                    return Ok(time.map(|time| CommittedBatch {
                        previous_head: self.queue.known_head(),
                        time,
                        tag,
                    }));
                }
                Err(error) if started.elapsed() > OUTAGE_TIMEOUT => {
                    tracing::debug!(%error, "could not find out whether a commit was written");
                    return Err(error);
                }
                Err(_) => tokio::time::sleep(RECONNECT_INTERVAL).await,
            }
        }
    }

    /// The batch is durable: resolves its tickets and publishes its events to the commit feed.
    fn complete_batch(
        &self,
        batch: Vec<QueuedAppend>,
        committed: CommittedBatch,
        started: Instant,
    ) {
        let events = self.queue.complete(batch, committed);
        let Some(last) = events.last() else { return };
        let mut spans = BatchSpans::start("commit", SpanKind::Internal, traced_events(&events));
        spans.backdate(started.elapsed());
        spans.set("tidings.batch.events", events.len() as i64);
        spans.end();
        self.outages.record_success();
        metrics::histogram!("tidings_commit_batch_events").record(events.len() as f64);
        metrics::gauge!("tidings_log_head").set(last.position as f64);
        self.commits.publish(events);
    }
}

/// Whether the server lacks disk space or memory: trying again at once would not help.
fn is_exhausted(error: &sqlx::Error) -> bool {
    has_sqlstate(error, &["53"])
}

/// Whether this error ended the session, so that the outcome is unknown.
fn is_session_lost(error: &sqlx::Error) -> bool {
    // 57P..: the server or the session was terminated. 25P03: idle in transaction for too long.
    // 25006: the server has become read only, so another one accepts writes.
    has_sqlstate(error, &["57P", "25P03", "25006"])
}
