//! The session that appends: its connection, the epoch that it has begun, and its stock of stream
//! ids. They are dropped together, because another server may answer the next connection.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use connectivity::postgres;
use connectivity::timeout::{EXCHANGE_TIMEOUT, within};
use domain::history::{EpochTag, History};
use domain::time::Timestamp;
use sqlx::{Connection as _, PgConnection, PgPool};
use tokio::sync::watch;

use super::batch::AppendBatch;
use super::external_events::{self, ExternalEventSink};
use super::queue::{AppendQueue, CommittedBatch, QueuedAppend};
use super::replication_notice::cancelled_waits;
use super::statement::{self, BatchColumns, CommitOutcome, StoredHead};
use crate::read::epochs;

/// How many stream ids are allocated at a time, ahead of use.
const STREAM_ID_BLOCK: i64 = 64;

/// The session of the committer. It connects on first use.
pub(crate) struct WriterSession {
    pool: PgPool,
    queue: Arc<AppendQueue>,
    event_sinks: Vec<Arc<dyn ExternalEventSink>>,
    /// The history that the known head of the queue belongs to.
    history: watch::Sender<Arc<History>>,
    open: Option<OpenSession>,
}

struct OpenSession {
    connection: PgConnection,
    opened_at: Instant,
    /// The tag of the newest epoch in the log, as this session last saw it.
    head_tag: EpochTag,
    stream_ids: VecDeque<i64>,
    /// Whether the log turned out to have another history than this session has written to. Then it
    /// must not write any more in the epoch that it has begun.
    has_diverged: bool,
}

impl WriterSession {
    /// A session of this pool's database, which appends for `queue`. It applies the events of other
    /// processes to `event_sinks`, and publishes what it learns of the epochs to `history`.
    pub(crate) fn new(
        pool: PgPool,
        queue: Arc<AppendQueue>,
        event_sinks: Vec<Arc<dyn ExternalEventSink>>,
        history: watch::Sender<Arc<History>>,
    ) -> Self {
        Self {
            pool,
            queue,
            event_sinks,
            history,
            open: None,
        }
    }

    /// Drops the connection, after an error that may have broken it.
    pub(crate) fn close(&mut self) {
        self.open = None;
    }

    /// The tag of the epoch in which this session writes; `None` while it is closed.
    pub(crate) fn epoch(&self) -> Option<EpochTag> {
        self.open.as_ref().map(|open| open.head_tag)
    }

    /// Connects and begins an epoch, unless that has happened.
    pub(crate) async fn ensure_open(&mut self) -> Result<(), sqlx::Error> {
        let must_open = |open: &OpenSession| {
            open.has_diverged || postgres::is_replaced(open.opened_at.elapsed())
        };
        if self.open.as_ref().is_none_or(must_open) {
            self.close();
            self.open(None).await?;
        }
        Ok(())
    }

    /// Connects, begins an epoch, and returns the time of a batch that an earlier session has
    /// written in its epoch `tag`, if it has.
    ///
    /// Beginning the epoch locks the head, so it waits until a statement of the earlier session has
    /// ended. And it commits after that statement, so if it has been replicated, the batch has been
    /// too: synchronous replication follows the order of the write-ahead log.
    pub(crate) async fn reopen_after(
        &mut self,
        batch: &BatchColumns<'_>,
        tag: EpochTag,
    ) -> Result<Option<Timestamp>, sqlx::Error> {
        self.close();
        let known = StoredHead {
            position: self.queue.known_head(),
            tag,
        };
        self.open(Some((known, batch))).await
    }

    async fn open(
        &mut self,
        unknown: Option<(StoredHead, &BatchColumns<'_>)>,
    ) -> Result<Option<Timestamp>, sqlx::Error> {
        let mut connection = within(EXCHANGE_TIMEOUT, open_connection(&self.pool)).await?;
        let opened_at = Instant::now();
        let waits = cancelled_waits();
        let (found, history, head) =
            within(EXCHANGE_TIMEOUT, begin(&mut connection, unknown)).await?;
        if cancelled_waits() != waits {
            return Err(not_replicated());
        }
        self.adopt(history, head.position);
        self.open = Some(OpenSession {
            connection,
            opened_at,
            head_tag: head.tag,
            stream_ids: VecDeque::new(),
            has_diverged: false,
        });
        Ok(found)
    }

    /// Continues in this history, whose head is at `head`. If the known head does not belong to it,
    /// every cached aggregate may be of events that no longer exist. Returns whether that is so.
    fn adopt(&mut self, history: History, head: i64) -> bool {
        let known = self.queue.known_head();
        let cursor = self.history.borrow().cursor_at(known);
        let has_diverged = known > head || !history.contains(cursor);
        if has_diverged {
            tracing::error!(
                %cursor,
                head,
                "the log no longer has the last known event, as after a restore or a failover that \
                 lost events; forgetting all cached aggregates"
            );
            metrics::counter!("tidings_history_changes_total").increment(1);
            external_events::forget(&self.queue, &self.event_sinks, head);
        }
        self.history.send_replace(Arc::new(history));
        has_diverged
    }

    fn session(&mut self) -> Result<&mut OpenSession, sqlx::Error> {
        self.open.as_mut().ok_or(sqlx::Error::PoolClosed)
    }

    /// Finds out whether an append would succeed: makes one and rolls it back, and then commits
    /// something that leaves no trace and waits for the standby.
    pub(crate) async fn rehearse(&mut self) -> Result<(), sqlx::Error> {
        let connection = &mut self.session()?.connection;
        let waits = cancelled_waits();
        let rehearsal = async {
            let mut transaction = connection.begin().await?;
            let head = statement::lock_head(&mut transaction).await?;
            statement::insert_rehearsal(&mut transaction, head.position).await?;
            transaction.rollback().await?;
            statement::commit_nothing(connection).await
        };
        within(EXCHANGE_TIMEOUT, rehearsal).await?;
        if cancelled_waits() == waits {
            Ok(())
        } else {
            Err(not_replicated())
        }
    }

    /// Reads the head.
    pub(crate) async fn load_head(&mut self) -> Result<StoredHead, sqlx::Error> {
        within(
            EXCHANGE_TIMEOUT,
            statement::load_head(&mut self.session()?.connection),
        )
        .await
    }

    /// Whether the log has not moved since this session last looked.
    pub(crate) fn is_known(&self, head: StoredHead) -> bool {
        head.position == self.queue.known_head() && Some(head.tag) == self.epoch()
    }

    /// Applies the events of other writers up to the head.
    pub(crate) async fn catch_up(&mut self, head: StoredHead) -> Result<(), sqlx::Error> {
        let Some(mut open) = self.open.take() else {
            return Err(sqlx::Error::PoolClosed);
        };
        let caught_up = within(
            EXCHANGE_TIMEOUT,
            self.catch_up_on(&mut open.connection, head),
        )
        .await;
        open.head_tag = head.tag;
        open.has_diverged |= *caught_up.as_ref().unwrap_or(&false);
        self.open = Some(open);
        caught_up.map(|_| ())
    }

    async fn catch_up_on(
        &mut self,
        connection: &mut PgConnection,
        head: StoredHead,
    ) -> Result<bool, sqlx::Error> {
        let is_new_epoch = self.history.borrow().newest_tag() != head.tag;
        if is_new_epoch || head.position < self.queue.known_head() {
            let history = epochs::load_history(connection).await?;
            if self.adopt(history, head.position) {
                return Ok(true);
            }
        }
        external_events::catch_up(connection, &self.queue, &self.event_sinks, head.position)
            .await?;
        Ok(false)
    }

    /// Appends a batch that was decided at the known head.
    pub(crate) async fn append(
        &mut self,
        batch: &BatchColumns<'_>,
    ) -> Result<CommitOutcome, sqlx::Error> {
        let position = self.queue.known_head();
        let open = self.session()?;
        let known = StoredHead {
            position,
            tag: open.head_tag,
        };
        let waits = cancelled_waits();
        let written = statement::append_batch(&mut open.connection, known, batch);
        check_replicated(waits, within(EXCHANGE_TIMEOUT, written).await)
    }

    /// Locks the head, applies the events of other writers, and appends what they have not made
    /// stale: no other writer can append in between. If everything is stale, appends what the
    /// commands decide instead, in at most `max_events` events.
    pub(crate) async fn append_under_head_lock(
        &mut self,
        batch: &mut AppendBatch,
        max_events: usize,
    ) -> Result<CommitOutcome, sqlx::Error> {
        let head = self.load_head().await?;
        self.catch_up(head).await?;
        let Some(mut open) = self.open.take() else {
            return Err(sqlx::Error::PoolClosed);
        };
        let waits = cancelled_waits();
        let appending = self.append_locked(&mut open, batch, max_events);
        let written = within(EXCHANGE_TIMEOUT, appending).await;
        self.open = Some(open);
        check_replicated(waits, written)
    }

    async fn append_locked(
        &mut self,
        open: &mut OpenSession,
        batch: &mut AppendBatch,
        max_events: usize,
    ) -> Result<CommitOutcome, sqlx::Error> {
        let mut transaction = open.connection.begin().await?;
        let head = statement::lock_head(&mut transaction).await?;
        open.has_diverged |= self.catch_up_on(&mut transaction, head).await?;
        open.head_tag = head.tag;
        let rejected = batch.reject_stale();
        if batch.appends.is_empty() && !open.has_diverged {
            let decided = batch.await_decisions(&self.queue, rejected, max_events);
            decided.await;
        }
        // Dropping the transaction would roll it back only with the next statement of this session:
        // until its next batch, no other writer could lock the head. So it is always ended here.
        if open.has_diverged || batch.appends.is_empty() {
            transaction.rollback().await?;
            return Ok(CommitOutcome::HeadMoved);
        }
        assign_stream_ids(&mut transaction, &mut open.stream_ids, &batch.appends).await?;
        let columns = BatchColumns::from_batch(&batch.appends);
        if columns.is_empty() {
            transaction.rollback().await?;
            return Ok(CommitOutcome::Committed(confirmed_at(head)));
        }
        let written = statement::append_batch(&mut transaction, head, &columns).await?;
        match written {
            CommitOutcome::Committed(_) => transaction.commit().await?,
            CommitOutcome::HeadMoved => {
                // The head is locked, so it is a stream that is not the one that was loaded.
                transaction.rollback().await?;
                tracing::error!("a cached aggregate is not that of the log; forgetting them all");
                external_events::forget(&self.queue, &self.event_sinks, head.position);
            }
            CommitOutcome::DuplicateKey => transaction.rollback().await?,
        }
        Ok(written)
    }

    /// Gives ids to the new streams of a batch.
    pub(crate) async fn assign_stream_ids(
        &mut self,
        batch: &[QueuedAppend],
    ) -> Result<(), sqlx::Error> {
        let open = self.session()?;
        let assigned = assign_stream_ids(&mut open.connection, &mut open.stream_ids, batch);
        within(EXCHANGE_TIMEOUT, assigned).await
    }
}

async fn assign_stream_ids(
    connection: &mut PgConnection,
    ids: &mut VecDeque<i64>,
    batch: &[QueuedAppend],
) -> Result<(), sqlx::Error> {
    let new_streams = batch
        .iter()
        .filter(|append| append.revision.stream_id() == 0 && !append.rows.is_empty());
    for append in new_streams {
        // Several appends of a batch may share a new stream.
        if append.revision.stream_id() != 0 {
            continue;
        }
        if ids.is_empty() {
            ids.extend(statement::allocate_stream_ids(connection, STREAM_ID_BLOCK).await?);
        }
        if let Some(id) = ids.pop_front() {
            append.revision.set_stream_id(id);
        }
    }
    Ok(())
}

/// The outcome of a batch that only observes: it holds at this head.
pub(crate) fn confirmed_at(head: StoredHead) -> CommittedBatch {
    CommittedBatch {
        previous_head: head.position,
        time: Timestamp::default(),
        tag: head.tag,
    }
}

/// Turns a success into an error if a wait for a standby was cancelled in the meantime: the batch
/// is written, but may not be replicated.
fn check_replicated(
    waits_before: u64,
    written: Result<CommitOutcome, sqlx::Error>,
) -> Result<CommitOutcome, sqlx::Error> {
    match written {
        Ok(CommitOutcome::Committed(_)) if cancelled_waits() != waits_before => {
            Err(not_replicated())
        }
        written => written,
    }
}

fn not_replicated() -> sqlx::Error {
    let reason = "Postgres stopped waiting for the synchronous standby";
    sqlx::Error::Io(std::io::Error::other(reason))
}

/// Begins an epoch, in one transaction with everything that it is compared with. Returns the time
/// of the batch whose outcome is unknown, if it was written.
async fn begin(
    connection: &mut PgConnection,
    unknown: Option<(StoredHead, &BatchColumns<'_>)>,
) -> Result<(Option<Timestamp>, History, StoredHead), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    let head = statement::lock_head(&mut transaction).await?;
    let found = match unknown {
        Some((known, batch)) => statement::find_commit_time(&mut transaction, known, batch).await?,
        None => None,
    };
    let head = statement::begin_epoch(&mut transaction, head.position).await?;
    let history = epochs::load_history(&mut transaction).await?;
    transaction.commit().await?;
    Ok((found, history, head))
}

/// Opens a connection for appending. The idle timeout takes the head lock away from a writer that
/// is frozen while holding it, so that the others can continue. The append statement uses a generic
/// plan made for large tables: every lookup in it is by key.
async fn open_connection(pool: &PgPool) -> Result<PgConnection, sqlx::Error> {
    let options = pool.connect_options().as_ref().clone();
    let mut connection = postgres::connect(&options.application_name("tidings committer")).await?;
    sqlx::query(
        "SELECT set_config('synchronous_commit', 'on', false),
                set_config('idle_in_transaction_session_timeout', '10s', false),
                set_config('statement_timeout', '30s', false),
                set_config('plan_cache_mode', 'force_generic_plan', false),
                set_config('enable_seqscan', 'off', false),
                set_config('jit', 'off', false)",
    )
    .execute(&mut connection)
    .await?;
    Ok(connection)
}
