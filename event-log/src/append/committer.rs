//! The committer: the single task of a process that appends. It dequeues a batch, writes it in one
//! statement, resolves all tickets of the batch, and continues with what has been queued in the
//! meantime.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::time::Timestamp;
use sqlx::pool::PoolConnection;
use sqlx::{Connection as _, PgConnection, PgPool, Postgres};

use super::commits::CommitBroadcaster;
use super::external_events::{self, ExternalEventSink};
use super::queue::{AppendQueue, QueuedAppend};
use super::receipt;
use super::request::AppendError;
use super::revision::Revision;
use super::statement::{self, BatchColumns, CommitOutcome};
use crate::error::LogError;
use crate::read::reader::LogReader;

/// How many attempts a batch gets while keys turn out to exist, the head moves or the outcome is
/// unknown.
const MAX_ATTEMPTS: usize = 8;

/// How long Postgres may be unavailable before the queued appends fail.
const OUTAGE_TIMEOUT: Duration = Duration::from_secs(3);

/// How many stream ids are allocated at a time, ahead of use.
const STREAM_ID_BLOCK: i64 = 64;

/// The task that appends, with its connection and its stock of stream ids.
pub(crate) struct Committer {
    pool: PgPool,
    reader: LogReader,
    queue: Arc<AppendQueue>,
    event_sinks: Vec<Arc<dyn ExternalEventSink>>,
    commits: CommitBroadcaster,
    max_batch: usize,
    connection: Option<PoolConnection<Postgres>>,
    stream_ids: VecDeque<i64>,
}

impl Committer {
    /// A committer of the appends in `queue`, in batches of at most `max_batch` events. It applies
    /// the events of other processes to `event_sinks` and publishes its own to `commits`.
    pub(crate) fn new(
        pool: PgPool,
        queue: Arc<AppendQueue>,
        event_sinks: Vec<Arc<dyn ExternalEventSink>>,
        commits: CommitBroadcaster,
        max_batch: usize,
    ) -> Self {
        Self {
            reader: LogReader::new(pool.clone()),
            pool,
            queue,
            event_sinks,
            commits,
            max_batch,
            connection: None,
            stream_ids: VecDeque::new(),
        }
    }

    /// Commits batches until the queue is closed and empty.
    pub(crate) async fn run(mut self) {
        while let Some(batch) = self.queue.next_batch(self.max_batch).await {
            self.commit_batch(batch).await;
        }
    }

    /// Commits a batch. When this returns, every ticket in it is resolved.
    async fn commit_batch(&mut self, batch: Vec<QueuedAppend>) {
        let (batch, repeated) = split_off_duplicate_keys(batch);
        self.commit_with_retries(batch).await;
        // Not earlier: rejecting these invalidates their aggregates, and the appends before them on
        // the same aggregates must stay valid until they are written.
        reject_all(repeated);
    }

    async fn commit_with_retries(&mut self, mut batch: Vec<QueuedAppend>) {
        let started = Instant::now();
        let mut last_error = String::from("the head of the log kept moving");
        for attempt in 0..MAX_ATTEMPTS {
            batch = reject_stale(batch);
            if batch.is_empty() {
                return;
            }
            match self.try_commit(&batch, attempt > 0).await {
                Ok(CommitOutcome::Committed {
                    previous_head,
                    time,
                }) => {
                    metrics::histogram!("tidings_commit_seconds").record(started.elapsed());
                    return self.complete_batch(batch, previous_head, time);
                }
                Ok(CommitOutcome::HeadMoved) => {}
                Ok(CommitOutcome::DuplicateKey) => match self.answer_duplicate_keys(batch).await {
                    Ok(rest) => batch = rest,
                    Err((rest, error)) => {
                        batch = rest;
                        last_error = error.to_string();
                    }
                },
                Err(error) => {
                    if let Some(time) = self.resolve_unknown_outcome(&batch, &error, started).await
                    {
                        let previous_head = self.queue.known_head();
                        return self.complete_batch(batch, previous_head, time);
                    }
                    last_error = error.to_string();
                    if started.elapsed() > OUTAGE_TIMEOUT {
                        break;
                    }
                }
            }
        }
        tracing::error!(
            error = last_error,
            appends = batch.len(),
            "failed to commit a batch"
        );
        for append in &batch {
            append.revision.invalidate();
        }
        for append in batch {
            let failed = LogError::Unavailable(last_error.clone());
            let _ = append.reply.send(Err(AppendError::Log(failed)));
        }
    }

    /// Makes one attempt. With `lock_head`, it holds the head's row lock, so that no other writer
    /// can append in between.
    async fn try_commit(
        &mut self,
        batch: &[QueuedAppend],
        lock_head: bool,
    ) -> Result<CommitOutcome, sqlx::Error> {
        self.assign_stream_ids(batch).await?;
        let columns = BatchColumns::from_batch(batch);
        let known = self.queue.known_head();
        if columns.is_empty() {
            return self.confirm_observations(known).await;
        }
        if lock_head {
            return self.append_under_head_lock(batch).await;
        }
        statement::append_batch(self.connection().await?, known, &columns).await
    }

    /// For batches of observations only: they hold if the head is where it was known to be.
    async fn confirm_observations(&mut self, known: i64) -> Result<CommitOutcome, sqlx::Error> {
        let head = statement::load_head(self.connection().await?).await?;
        if head == known {
            return Ok(CommitOutcome::Committed {
                previous_head: known,
                time: Timestamp::default(),
            });
        }
        external_events::catch_up(&self.reader, &self.queue, &self.event_sinks, head).await?;
        Ok(CommitOutcome::HeadMoved)
    }

    /// Applies the events of other writers, first without the head lock, then the few that have
    /// arrived since under the lock, and appends before any other writer can.
    async fn append_under_head_lock(
        &mut self,
        batch: &[QueuedAppend],
    ) -> Result<CommitOutcome, sqlx::Error> {
        let head = statement::load_head(self.connection().await?).await?;
        external_events::catch_up(&self.reader, &self.queue, &self.event_sinks, head).await?;
        let (reader, queue, event_sinks) = (
            self.reader.clone(),
            self.queue.clone(),
            self.event_sinks.clone(),
        );
        let connection = self.connection().await?;
        let mut transaction = connection.begin().await?;
        let head = statement::lock_head(&mut transaction).await?;
        external_events::catch_up(&reader, &queue, &event_sinks, head).await?;
        if !batch.iter().all(QueuedAppend::is_current) {
            return Ok(CommitOutcome::HeadMoved);
        }
        let written =
            statement::append_batch(&mut transaction, head, &BatchColumns::from_batch(batch))
                .await?;
        match written {
            CommitOutcome::Committed { .. } => transaction.commit().await?,
            CommitOutcome::HeadMoved | CommitOutcome::DuplicateKey => {
                transaction.rollback().await?
            }
        }
        Ok(written)
    }

    async fn assign_stream_ids(&mut self, batch: &[QueuedAppend]) -> Result<(), sqlx::Error> {
        let mut new_streams = Vec::new();
        for append in batch {
            if append.revision.stream_id() == 0 && !append.rows.is_empty() {
                new_streams.push(append.revision.clone());
            }
        }
        for revision in new_streams {
            // Several appends of a batch may share a new stream.
            if revision.stream_id() != 0 {
                continue;
            }
            if self.stream_ids.is_empty() {
                let numbers =
                    statement::allocate_stream_ids(self.connection().await?, STREAM_ID_BLOCK)
                        .await?;
                self.stream_ids.extend(numbers);
            }
            if let Some(number) = self.stream_ids.pop_front() {
                revision.set_stream_id(number);
            }
        }
        Ok(())
    }

    /// Resolves the appends whose keys exist with the stored receipts. Appends that were decided on
    /// top of them become conflicts.
    async fn answer_duplicate_keys(
        &mut self,
        batch: Vec<QueuedAppend>,
    ) -> Result<Vec<QueuedAppend>, (Vec<QueuedAppend>, LogError)> {
        let keys: Vec<_> = batch
            .iter()
            .flat_map(|append| append.receipts.iter().map(|receipt| receipt.key))
            .collect();
        let known = match receipt::find(&self.pool, &keys).await {
            Ok(known) => known,
            Err(error) => return Err((batch, error)),
        };
        let (repeated, rest): (Vec<_>, Vec<_>) = batch.into_iter().partition(|append| {
            append
                .receipts
                .iter()
                .any(|receipt| known.contains_key(&receipt.key))
        });
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
        Ok(rest)
    }

    /// Finds out, after an error, whether the batch was written. Returns its time if it was.
    async fn resolve_unknown_outcome(
        &mut self,
        batch: &[QueuedAppend],
        error: &sqlx::Error,
        started: Instant,
    ) -> Option<Timestamp> {
        tracing::warn!(%error, "a commit failed; checking whether it was written");
        if matches!(error, sqlx::Error::Database(_)) && !is_session_lost(error) {
            // The server rejected the statement because of a race for a key or a stream. The next
            // attempt sees and applies what won the race.
            return None;
        }
        self.connection = None;
        let columns = BatchColumns::from_batch(batch);
        let known = self.queue.known_head();
        loop {
            let found = match self.connection().await {
                Ok(connection) => statement::find_commit_time(connection, known, &columns).await,
                Err(error) => Err(error),
            };
            match found {
                Ok(time) => return time,
                Err(_) if started.elapsed() > OUTAGE_TIMEOUT => return None,
                Err(_) => self.connection = None,
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The batch is durable: resolves its tickets and publishes its events to the commit feed.
    fn complete_batch(&self, batch: Vec<QueuedAppend>, previous_head: i64, time: Timestamp) {
        let events = self.queue.complete(batch, previous_head, time);
        let Some(last) = events.last() else { return };
        metrics::histogram!("tidings_commit_batch_events").record(events.len() as f64);
        metrics::gauge!("tidings_log_head").set(last.position as f64);
        self.commits.publish(events);
    }

    async fn connection(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => connect(&self.pool).await?,
        };
        Ok(&mut *self.connection.insert(connection))
    }
}

/// Opens a connection for appending. The idle timeout takes the head lock away from a writer that
/// is frozen while holding it, so that the others can continue. The append statement uses a generic
/// plan made for large tables: every lookup in it is by key.
async fn connect(pool: &PgPool) -> Result<PoolConnection<Postgres>, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    sqlx::query(
        "SELECT set_config('synchronous_commit', 'on', false),
                set_config('idle_in_transaction_session_timeout', '10s', false),
                set_config('statement_timeout', '30s', false),
                set_config('plan_cache_mode', 'force_generic_plan', false),
                set_config('enable_seqscan', 'off', false)",
    )
    .execute(&mut *connection)
    .await?;
    Ok(connection)
}

/// Whether this error ended the session, so that the outcome is unknown.
fn is_session_lost(error: &sqlx::Error) -> bool {
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    // 57P..: the server or the session was terminated. 25P03: idle in transaction for too long.
    code.is_some_and(|code| code.starts_with("57P") || code == "25P03")
}

/// Rejects the appends whose aggregates have changed since the decision, and returns the others. A
/// rejected append makes those decided on top of it stale, so this repeats until none is stale.
fn reject_stale(mut batch: Vec<QueuedAppend>) -> Vec<QueuedAppend> {
    loop {
        let (current, stale): (Vec<_>, Vec<_>) =
            batch.into_iter().partition(QueuedAppend::is_current);
        if stale.is_empty() {
            return current;
        }
        reject_all(stale);
        batch = current;
    }
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
fn reject_all(appends: Vec<QueuedAppend>) {
    for append in appends {
        if !append.rows.is_empty() {
            append.revision.invalidate();
        }
        let _ = append.reply.send(Err(AppendError::Conflict));
    }
}
