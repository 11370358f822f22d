//! Snapshots: folded states, so that a stream of a million events loads in milliseconds. They are a
//! cache: written in the background, one at a time, and never needed for being right.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use sqlx::PgPool;
use tokio::sync::Semaphore;

use crate::queue::Stamp;
use crate::recorded::Recorded;
use crate::store::Stored;

/// The shape of the states in `log.snapshots`. Raise it when a state's fields change their meaning:
/// snapshots of other shapes are thrown away at start.
pub(crate) const SHAPE: i64 = 1;

/// How long a snapshot waits for its last event to become durable before it is given up.
const PATIENCE: Duration = Duration::from_secs(10);

/// Writes snapshots.
pub(crate) struct Snapshots {
    pool: PgPool,
    every: i64,
    one_at_a_time: Arc<Semaphore>,
}

impl Snapshots {
    /// A snapshot of an aggregate whenever its sequence passes a multiple of `every`.
    pub(crate) fn new(pool: PgPool, every: i64) -> Arc<Self> {
        Arc::new(Self {
            pool,
            every: every.max(1),
            one_at_a_time: Arc::new(Semaphore::new(1)),
        })
    }

    pub(crate) fn is_due(&self, before: i64, now: i64) -> bool {
        before / self.every != now / self.every
    }

    /// Writes this state once it is durable. Does nothing if another snapshot is being written:
    /// the next multiple comes.
    pub(crate) fn take<A: Stored>(&self, id: &str, state: &A, stamp: &Arc<Stamp>, sequence: i64) {
        let Ok(permit) = self.one_at_a_time.clone().try_acquire_owned() else {
            return;
        };
        let (pool, id, state, stamp) = (
            self.pool.clone(),
            id.to_owned(),
            state.clone(),
            stamp.clone(),
        );
        tokio::spawn(async move {
            let _permit = permit;
            if became_durable(&stamp, sequence).await
                && let Err(error) = write(&pool, &id, &state, sequence).await
            {
                tracing::warn!(id, %error, "a snapshot was not written");
            }
        });
    }
}

async fn became_durable(stamp: &Stamp, sequence: i64) -> bool {
    let started = tokio::time::Instant::now();
    while !stamp.is_invalid() && started.elapsed() < PATIENCE {
        if stamp.durable() >= sequence {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    false
}

async fn write<A: Stored + Serialize>(
    pool: &PgPool,
    id: &str,
    state: &A,
    sequence: i64,
) -> Result<(), sqlx::Error> {
    let payload =
        serde_json::to_string(state).map_err(|error| sqlx::Error::Encode(error.into()))?;
    sqlx::query(
        "INSERT INTO log.snapshots (aggregate_type, aggregate_id, last_sequence, current_snapshot, payload)
         VALUES ($1, $2, $3, $4, $5::json)
         ON CONFLICT (aggregate_type, aggregate_id) DO UPDATE
            SET last_sequence = excluded.last_sequence,
                current_snapshot = excluded.current_snapshot,
                payload = excluded.payload
          WHERE log.snapshots.last_sequence < excluded.last_sequence",
    )
    .bind(<A::Event as Recorded>::AGGREGATE.as_str())
    .bind(id)
    .bind(sequence)
    .bind(SHAPE)
    .bind(payload)
    .execute(pool)
    .await?;
    Ok(())
}

/// Throws away snapshots of another shape.
pub(crate) async fn forget_other_shapes(pool: &PgPool) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM log.snapshots WHERE current_snapshot <> $1")
        .bind(SHAPE)
        .execute(pool)
        .await?;
    Ok(())
}
