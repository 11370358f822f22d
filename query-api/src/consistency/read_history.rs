//! The history that the read model belongs to: turns positions into cursors, and recognises cursors
//! of another history.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use domain::history::{CursorReference, History, LogCursor};
use domain::refusal::Refusal;
use event_log::reader::{LogHead, LogReader};
use http_edge::Problem;
use sqlx::PgPool;
use tokio::sync::{Mutex, watch};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::error::{EndpointError, QueryError};
use crate::sql::checkpoint;

/// How often the history is read while no client asks for it.
const REFRESH_INTERVAL: Duration = Duration::from_millis(500);

/// How long reading it may take, including the wait for another reader.
const REFRESH_TIMEOUT: Duration = Duration::from_secs(3);

/// What this process knows of the history. Cheap to clone.
#[derive(Clone)]
pub struct ReadHistory(Arc<Inner>);

struct Inner {
    pool: PgPool,
    reader: LogReader,
    /// The log that `reader` replicates, which can be ahead.
    primary: Option<LogReader>,
    known: RwLock<Option<KnownHistory>>,
    /// Held while the history is read again.
    refreshing: Mutex<()>,
    /// How often the history has changed, so that earlier cursors became invalid.
    changes: watch::Sender<u64>,
}

#[derive(Clone)]
struct KnownHistory {
    history: Arc<History>,
    /// The tags of all positions up to this one are known.
    verified: LogCursor,
    /// The checkpoint of the read model, if the log does not have its event.
    foreign_checkpoint: Option<LogCursor>,
    /// The position from which the read model answers queries.
    served_from: i64,
}

impl ReadHistory {
    /// Of the read model in this pool's database, and of the log that `reader` reads. If that is a
    /// replica, `primary` reads the log itself.
    pub fn new(pool: PgPool, reader: LogReader, primary: Option<LogReader>) -> Self {
        Self(Arc::new(Inner {
            pool,
            reader,
            primary,
            known: RwLock::default(),
            refreshing: Mutex::default(),
            changes: watch::Sender::new(0),
        }))
    }

    /// A channel that yields when the history has changed: cursors that were given out may be of
    /// events that no longer exist.
    pub fn subscribe_changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    /// How often the history has changed.
    pub fn change_count(&self) -> u64 {
        *self.0.changes.borrow()
    }

    fn known(&self) -> Option<KnownHistory> {
        self.0
            .known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn set_known(&self, known: Option<KnownHistory>) {
        *self.0.known.write().unwrap_or_else(PoisonError::into_inner) = known;
    }

    /// Records that the log has an event. Nothing is learnt from a cursor of an unknown epoch.
    pub fn observe(&self, cursor: CursorReference) {
        let Some(mut known) = self.known() else {
            return;
        };
        let Some(tag) = cursor.tag else { return };
        if cursor.position <= known.verified.position {
            return;
        }
        if known.history.newest_tag() == tag {
            known.verified = LogCursor {
                position: cursor.position,
                tag,
            };
            self.set_known(Some(known));
        }
    }

    /// The cursor of a position that the read model or the log has reached.
    pub async fn cursor_at(&self, position: i64) -> Result<LogCursor, QueryError> {
        Ok(self.up_to(position).await?.cursor_at(position))
    }

    /// The history, which is complete up to a position that the read model or the log has reached.
    pub async fn up_to(&self, position: i64) -> Result<Arc<History>, QueryError> {
        let covered = |known: &KnownHistory| position <= known.verified.position;
        if let Some(known) = self.known().filter(covered) {
            return Ok(known.history);
        }
        let history = self.refresh().await?;
        match &self.0.primary {
            Some(primary) if !self.known().is_some_and(|known| covered(&known)) => {
                Ok(Arc::new(primary.history().await?))
            }
            _ => Ok(history),
        }
    }

    /// Fails with `410 cursor_expired` if the cursor belongs to another history. A bare position
    /// fits every history.
    pub async fn check(&self, cursor: CursorReference) -> Result<(), EndpointError> {
        if cursor.tag.is_none() || cursor.position == 0 {
            return Ok(());
        }
        if let Some(known) = self.known()
            && cursor.position <= known.verified.position
            && known.history.contains(cursor)
        {
            return Ok(());
        }
        if self.refresh().await?.contains(cursor) || self.primary_has(cursor).await? {
            return Ok(());
        }
        Err(foreign_cursor(cursor).into())
    }

    /// Whether this process reads a replica, and the primary has an event that the replica may not
    /// have yet.
    async fn primary_has(&self, cursor: CursorReference) -> Result<bool, QueryError> {
        let Some(primary) = &self.0.primary else {
            return Ok(false);
        };
        let head = primary.head().await?;
        Ok(cursor.position <= head.position && primary.history().await?.contains(cursor))
    }

    /// Whether the replica continues a history that the primary has left. While the primary cannot
    /// be reached, this is not known.
    async fn is_abandoned(&self, replicated: &LogHead, history: &History) -> bool {
        let Some(primary) = &self.0.primary else {
            return false;
        };
        let Ok(head) = primary.head().await else {
            return false;
        };
        if head.tag == replicated.tag && replicated.position <= head.position {
            return false;
        }
        let cursor = history.cursor_at(replicated.position);
        let history = primary.history().await;
        history.is_ok_and(|history| cursor.position > head.position || !history.contains(cursor))
    }

    /// The position from which the read model answers queries: 0, unless it was found empty. Fails
    /// with `503 history_mismatch` while the read model has events that the log does not have.
    pub async fn served_from(&self) -> Result<i64, EndpointError> {
        if self.known().is_none() {
            self.refresh().await?;
        }
        match self.known() {
            Some(KnownHistory {
                foreign_checkpoint: Some(checkpoint),
                ..
            }) => Err(history_mismatch(checkpoint).into()),
            known => Ok(known.map_or(0, |known| known.served_from)),
        }
    }

    /// Reads the checkpoint, the head and the epochs again.
    pub async fn refresh(&self) -> Result<Arc<History>, QueryError> {
        match timeout(REFRESH_TIMEOUT, self.read_again()).await {
            Ok(refreshed) => refreshed,
            Err(_) => Err(sqlx::Error::PoolTimedOut.into()),
        }
    }

    async fn read_again(&self) -> Result<Arc<History>, QueryError> {
        let before = self.known();
        let _guard = self.0.refreshing.lock().await;
        let checkpoint = checkpoint::read_cursor(&self.0.pool).await?;
        let head = self.0.reader.head().await?;
        let history = match &before {
            Some(before)
                if before.history.newest_tag() == head.tag
                    && before.verified.position <= head.position =>
            {
                before.history.clone()
            }
            _ => Arc::new(self.0.reader.history().await?),
        };
        let is_foreign = checkpoint.position > head.position
            || !history.contains(checkpoint)
            || self.is_abandoned(&head, &history).await;
        let known = KnownHistory {
            verified: history.cursor_at(head.position),
            foreign_checkpoint: is_foreign.then_some(checkpoint),
            served_from: next_served_from(before.as_ref(), checkpoint.position, head.position),
            history,
        };
        let has_changed = before.is_some_and(|before| {
            before.verified.position > head.position || !known.history.contains(before.verified)
        });
        if has_changed {
            tracing::warn!("the log has another history than before; earlier cursors are invalid");
            self.0.changes.send_modify(|changes| *changes += 1);
        }
        metrics::gauge!("tidings_history_mismatch", "part" => "queries").set(if is_foreign {
            1.0
        } else {
            0.0
        });
        let history = known.history.clone();
        self.set_known(Some(known));
        Ok(history)
    }
}

/// An empty read model of a log with events has just been created: by a restore, or by a migration.
/// Until it has caught up with the log as it was then, its inboxes and badges would be those of an
/// earlier time, or all 0.
fn next_served_from(before: Option<&KnownHistory>, checkpoint: i64, head: i64) -> i64 {
    let awaited = before.map_or(0, |before| before.served_from);
    match checkpoint {
        0 if awaited == 0 => head,
        _ if checkpoint < awaited => awaited.min(head),
        _ => 0,
    }
}

/// Reads the history again and again until `shutdown` is cancelled, so that a change is noticed
/// while no client asks for anything.
pub async fn follow(history: ReadHistory, shutdown: CancellationToken) {
    while shutdown
        .run_until_cancelled(sleep(REFRESH_INTERVAL))
        .await
        .is_some()
    {
        if let Err(error) = history.refresh().await {
            tracing::debug!(%error, "could not read the history of the log");
        }
    }
}

/// The problem `410 cursor_expired` of a cursor of another history, as commands report it too.
fn foreign_cursor(cursor: CursorReference) -> Problem {
    let refusal = Refusal::foreign_cursor(cursor);
    Problem::gone(refusal.code, refusal.detail)
}

/// The problem `410 cursor_expired` for connections that were open while the history changed.
pub fn history_changed() -> Problem {
    Problem::gone(
        "cursor_expired",
        "The log was restored from a backup, or a failover lost events. What this connection has \
         received may no longer exist: call GET /v1/inbox and resume from its Tidings-Cursor.",
    )
}

/// The problem `503 history_mismatch`.
fn history_mismatch(checkpoint: LogCursor) -> Problem {
    Problem::unavailable(
        "history_mismatch",
        format!(
            "The read model is at {checkpoint}, an event that the log does not have. It is being \
             rebuilt."
        ),
        Duration::from_secs(5),
    )
}
