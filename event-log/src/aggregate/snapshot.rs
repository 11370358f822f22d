//! Snapshots: folded states, so that a stream of a million events loads in milliseconds. They are a
//! cache, written in the background, one at a time; correctness does not depend on them.

use std::sync::Arc;
use std::time::Duration;

use domain::history::{EpochTag, History};
use serde::Serialize;
use sqlx::PgPool;
use tokio::sync::{Semaphore, watch};

use super::cached_aggregate::CachedAggregate;
use super::logged_event::LoggedEvent;
use crate::append::revision::Revision;

/// The version of the states in `log.snapshots`. Increment it when the fields of a state change
/// their meaning: snapshots of other versions are deleted at startup.
pub(crate) const SNAPSHOT_VERSION: i64 = 1;

/// How long a snapshot waits for its last event to become durable before it is abandoned.
const DURABILITY_TIMEOUT: Duration = Duration::from_secs(10);

/// Writes snapshots in the background.
pub(crate) struct SnapshotWriter {
    pool: PgPool,
    interval: i64,
    history: watch::Receiver<Arc<History>>,
    write_permit: Arc<Semaphore>,
}

impl SnapshotWriter {
    /// A writer that makes a snapshot whenever the sequence of an aggregate passes a multiple of
    /// `every`. `history` is that of the cached aggregates.
    pub(crate) fn new(
        pool: PgPool,
        every: i64,
        history: watch::Receiver<Arc<History>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            pool,
            interval: every.max(1),
            history,
            write_permit: Arc::new(Semaphore::new(1)),
        })
    }

    pub(crate) fn is_due(&self, before: i64, now: i64) -> bool {
        before / self.interval != now / self.interval
    }

    /// Schedules the write of this state for when it is durable. Does nothing while another
    /// snapshot is being written; the next multiple makes up for it.
    pub(crate) fn schedule<A: CachedAggregate>(
        &self,
        id: &str,
        state: &A,
        revision: &Arc<Revision>,
        sequence: i64,
    ) {
        let Ok(permit) = self.write_permit.clone().try_acquire_owned() else {
            return;
        };
        let (pool, id, state, revision, history) = (
            self.pool.clone(),
            id.to_owned(),
            state.clone(),
            revision.clone(),
            self.history.clone(),
        );
        tokio::spawn(async move {
            let _permit = permit;
            if !wait_until_durable(&revision, sequence).await {
                return;
            }
            // In this order: a new history invalidates the aggregates before it is known.
            let tag = history.borrow().newest_tag();
            if revision.is_invalid() {
                return;
            }
            if let Err(error) = upsert(&pool, &id, &state, sequence, tag).await {
                // Snapshots only save time, and in an outage the committer says why.
                tracing::debug!(id, %error, "failed to write a snapshot");
            }
        });
    }
}

async fn wait_until_durable(revision: &Revision, sequence: i64) -> bool {
    let started = tokio::time::Instant::now();
    while !revision.is_invalid() && started.elapsed() < DURABILITY_TIMEOUT {
        if revision.durable_sequence() >= sequence {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    false
}

/// Writes a snapshot if the newest epoch of the log has this tag. Otherwise the log may have lost
/// events of the state.
async fn upsert<A: CachedAggregate + Serialize>(
    pool: &PgPool,
    id: &str,
    state: &A,
    sequence: i64,
    tag: EpochTag,
) -> Result<(), sqlx::Error> {
    let payload =
        serde_json::to_string(state).map_err(|error| sqlx::Error::Encode(error.into()))?;
    sqlx::query(
        "INSERT INTO log.snapshots (aggregate_type, aggregate_id, last_sequence, current_snapshot, payload)
         SELECT $1, $2, $3, $4, $5::json FROM log.head WHERE tag = $6
         ON CONFLICT (aggregate_type, aggregate_id) DO UPDATE
            SET last_sequence = excluded.last_sequence,
                current_snapshot = excluded.current_snapshot,
                payload = excluded.payload
          WHERE log.snapshots.last_sequence < excluded.last_sequence",
    )
    .bind(<A::Event as LoggedEvent>::AGGREGATE_KIND.as_str())
    .bind(id)
    .bind(sequence)
    .bind(SNAPSHOT_VERSION)
    .bind(payload)
    .bind(tag.to_sql())
    .execute(pool)
    .await?;
    Ok(())
}

/// Deletes snapshots of other versions.
pub(crate) async fn delete_outdated(pool: &PgPool) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM log.snapshots WHERE current_snapshot <> $1")
        .bind(SNAPSHOT_VERSION)
        .execute(pool)
        .await?;
    Ok(())
}
