//! The committer: the single task of a process that appends. It dequeues a batch, writes it in one
//! statement, resolves all tickets of the batch, and continues with what has been queued in the
//! meantime.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::time::Timestamp;
use sqlx::pool::PoolConnection;
use sqlx::{Connection as _, PgConnection, PgPool, Postgres};

use crate::append::{Appended, NotAppended};
use crate::commit::{self, Columns, Written};
use crate::feed::Feeds;
use crate::foreign::{self, TakesForeign};
use crate::queue::{Queue, Queued, Stamp};
use crate::reader::Reader;
use crate::{Failed, receipt};

/// How many attempts a batch gets while keys turn out to exist, the head moves or the outcome is
/// unknown.
const TRIES: usize = 8;

/// How long Postgres may be unavailable before the queued appends fail.
const PATIENCE: Duration = Duration::from_secs(3);

/// How many stream ids are allocated at a time, ahead of use.
const STREAM_NUMBERS: i64 = 64;

/// The task that appends, with its connection and its stock of stream ids.
pub(crate) struct Committer {
    pub(crate) pool: PgPool,
    pub(crate) reader: Reader,
    pub(crate) queue: Arc<Queue>,
    pub(crate) takers: Vec<Arc<dyn TakesForeign>>,
    pub(crate) feeds: Feeds,
    pub(crate) max_batch: usize,
    pub(crate) connection: Option<PoolConnection<Postgres>>,
    pub(crate) stream_numbers: VecDeque<i64>,
}

impl Committer {
    /// Commits batches until the queue is closed and empty.
    pub(crate) async fn run(mut self) {
        while self.step().await {}
    }

    /// Waits for a batch and commits it. Returns false when the queue is closed and empty.
    async fn step(&mut self) -> bool {
        let batch = loop {
            let arrived = self.queue.arrived.notified();
            let batch = self.take_batch();
            if !batch.is_empty() {
                break batch;
            }
            if self.queue.waiting().closed {
                return false;
            }
            arrived.await;
        };
        self.commit(batch).await;
        true
    }

    fn take_batch(&self) -> Vec<Queued> {
        let mut waiting = self.queue.waiting();
        let mut batch = Vec::new();
        let mut events = 0;
        while let Some(next) = waiting.appends.front() {
            if !batch.is_empty() && events + next.rows.len() > self.max_batch {
                break;
            }
            events += next.rows.len().max(1);
            batch.extend(waiting.appends.pop_front());
        }
        batch
    }

    /// Commits a batch. When this returns, every ticket in it is resolved.
    async fn commit(&mut self, batch: Vec<Queued>) {
        let (batch, repeated) = split_at_repeated_keys(batch);
        self.see_through(batch).await;
        // Not earlier: rejecting these invalidates their aggregates, and the appends before them on
        // the same aggregates must stay valid until they are written.
        turn_away(repeated);
    }

    async fn see_through(&mut self, mut batch: Vec<Queued>) {
        let started = Instant::now();
        let mut last_error = String::from("the head of the log kept moving");
        for attempt in 0..TRIES {
            batch = keep_standing(batch);
            if batch.is_empty() {
                return;
            }
            match self.try_commit(&batch, attempt > 0).await {
                Ok(Written::At { base, time }) => {
                    metrics::histogram!("tidings_commit_seconds").record(started.elapsed());
                    return self.committed(batch, base, time);
                }
                Ok(Written::Moved) => {}
                Ok(Written::KnownKeys) => match self.answer_known_keys(batch).await {
                    Ok(rest) => batch = rest,
                    Err((rest, error)) => {
                        batch = rest;
                        last_error = error.to_string();
                    }
                },
                Err(error) => {
                    if let Some(time) = self.settle_unknown(&batch, &error, started).await {
                        let base = self.queue.waiting().known;
                        return self.committed(batch, base, time);
                    }
                    last_error = error.to_string();
                    if started.elapsed() > PATIENCE {
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
            append.stamp.invalidate();
        }
        for append in batch {
            let failed = Failed::Unavailable(last_error.clone());
            let _ = append.reply.send(Err(NotAppended::Failed(failed)));
        }
    }

    /// Makes one attempt. With `lock_head`, it holds the head's row lock, so that no other writer
    /// can append in between.
    async fn try_commit(
        &mut self,
        batch: &[Queued],
        lock_head: bool,
    ) -> Result<Written, sqlx::Error> {
        self.number_streams(batch).await?;
        let columns = Columns::of(batch);
        let known = self.queue.waiting().known;
        if columns.is_empty() {
            return self.observe(known).await;
        }
        if lock_head {
            return self.write_locked(batch).await;
        }
        commit::write(self.connection().await?, known, &columns).await
    }

    /// For batches of observations only: they hold if the head is where it was known to be.
    async fn observe(&mut self, known: i64) -> Result<Written, sqlx::Error> {
        let head = commit::head(self.connection().await?).await?;
        if head == known {
            return Ok(Written::At {
                base: known,
                time: Timestamp::default(),
            });
        }
        foreign::catch_up(&self.reader, &self.queue, &self.takers, head).await?;
        Ok(Written::Moved)
    }

    /// Applies the events of other writers, first without the head lock, then the few that have
    /// arrived since under the lock, and appends before any other writer can.
    async fn write_locked(&mut self, batch: &[Queued]) -> Result<Written, sqlx::Error> {
        let head = commit::head(self.connection().await?).await?;
        foreign::catch_up(&self.reader, &self.queue, &self.takers, head).await?;
        let (reader, queue, takers) =
            (self.reader.clone(), self.queue.clone(), self.takers.clone());
        let connection = self.connection().await?;
        let mut transaction = connection.begin().await?;
        let head = commit::lock_head(&mut transaction).await?;
        foreign::catch_up(&reader, &queue, &takers, head).await?;
        if !batch.iter().all(Queued::stands) {
            return Ok(Written::Moved);
        }
        let written = commit::write(&mut transaction, head, &Columns::of(batch)).await?;
        match written {
            Written::At { .. } => transaction.commit().await?,
            Written::Moved | Written::KnownKeys => transaction.rollback().await?,
        }
        Ok(written)
    }

    async fn number_streams(&mut self, batch: &[Queued]) -> Result<(), sqlx::Error> {
        let mut new_streams = Vec::new();
        for append in batch {
            if append.stamp.stream() == 0 && !append.rows.is_empty() {
                new_streams.push(append.stamp.clone());
            }
        }
        for stamp in new_streams {
            // Several appends of a batch may share a new stream.
            if stamp.stream() != 0 {
                continue;
            }
            if self.stream_numbers.is_empty() {
                let numbers =
                    commit::stream_numbers(self.connection().await?, STREAM_NUMBERS).await?;
                self.stream_numbers.extend(numbers);
            }
            if let Some(number) = self.stream_numbers.pop_front() {
                stamp.set_stream(number);
            }
        }
        Ok(())
    }

    /// Resolves the appends whose keys exist with the stored receipts. Appends that were decided on
    /// top of them become conflicts.
    async fn answer_known_keys(
        &mut self,
        batch: Vec<Queued>,
    ) -> Result<Vec<Queued>, (Vec<Queued>, Failed)> {
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
                append.stamp.invalidate();
            }
            let first = append
                .receipts
                .iter()
                .filter_map(|receipt| Some((receipt.key, known.get(&receipt.key)?.clone())))
                .collect();
            let _ = append.reply.send(Err(NotAppended::Duplicate(first)));
        }
        Ok(rest)
    }

    /// Finds out, after an error, whether the batch was written. Returns its time if it was.
    async fn settle_unknown(
        &mut self,
        batch: &[Queued],
        error: &sqlx::Error,
        started: Instant,
    ) -> Option<Timestamp> {
        tracing::warn!(%error, "a commit failed; checking whether it was written");
        if matches!(error, sqlx::Error::Database(_)) && !is_fatal(error) {
            // The server rejected the statement because of a race for a key or a stream. The next
            // attempt sees and applies what won the race.
            return None;
        }
        self.connection = None;
        let columns = Columns::of(batch);
        let known = self.queue.waiting().known;
        loop {
            let found = match self.connection().await {
                Ok(connection) => commit::was_written(connection, known, &columns).await,
                Err(error) => Err(error),
            };
            match found {
                Ok(time) => return time,
                Err(_) if started.elapsed() > PATIENCE => return None,
                Err(_) => self.connection = None,
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The batch is durable: resolves its tickets and publishes its events to the commit feed.
    fn committed(&self, batch: Vec<Queued>, base: i64, time: Timestamp) {
        let mut events = Vec::new();
        let mut position = base;
        let mut waiting = self.queue.waiting();
        for append in batch {
            let first = position + 1;
            for mut row in append.rows {
                position += 1;
                row.envelope.position = position;
                row.envelope.time = time;
                append.stamp.set_durable(row.envelope.sequence);
                events.push(row.envelope);
            }
            waiting.known = waiting.known.max(position);
            let appended = Appended {
                first: first.min(position),
                last: position,
                time,
            };
            let _ = append.reply.send(Ok(appended));
        }
        drop(waiting);
        if events.is_empty() {
            return;
        }
        metrics::histogram!("tidings_commit_batch_events").record(events.len() as f64);
        metrics::gauge!("tidings_log_head").set(position as f64);
        self.feeds.publish(events);
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
fn is_fatal(error: &sqlx::Error) -> bool {
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    // 57P..: the server or the session was terminated. 25P03: idle in transaction for too long.
    code.is_some_and(|code| code.starts_with("57P") || code == "25P03")
}

/// Rejects the appends whose aggregates have changed since the decision, and returns the others. A
/// rejected append makes those decided on top of it stale, so this repeats until none is stale.
fn keep_standing(mut batch: Vec<Queued>) -> Vec<Queued> {
    loop {
        let (current, stale): (Vec<_>, Vec<_>) = batch.into_iter().partition(Queued::stands);
        if stale.is_empty() {
            return current;
        }
        turn_away(stale);
        batch = current;
    }
}

/// Splits off appends with a repeated key. A key can be written once, so of two appends with the
/// same key in a batch the later one is rejected, with everything decided on top of it; when its
/// command is retried, it finds the receipt of the first. Returns the appends to write and those to
/// reject.
fn split_at_repeated_keys(batch: Vec<Queued>) -> (Vec<Queued>, Vec<Queued>) {
    let mut keys = HashSet::new();
    let mut rejected: Vec<Arc<Stamp>> = Vec::new();
    batch.into_iter().partition(|append| {
        let is_first = append
            .receipts
            .iter()
            .all(|receipt| keys.insert(receipt.key));
        let is_rejected =
            |stamp: &Arc<Stamp>| rejected.iter().any(|other| Arc::ptr_eq(other, stamp));
        let stays = is_first
            && !is_rejected(&append.stamp)
            && !append
                .observed
                .iter()
                .any(|other| is_rejected(&other.stamp));
        if !stays && !append.rows.is_empty() {
            rejected.push(append.stamp.clone());
        }
        stays
    })
}

/// Rejects appends as conflicts and invalidates their aggregates: the commands must decide again on
/// reloaded states.
fn turn_away(appends: Vec<Queued>) {
    for append in appends {
        if !append.rows.is_empty() {
            append.stamp.invalidate();
        }
        let _ = append.reply.send(Err(NotAppended::Conflict));
    }
}
