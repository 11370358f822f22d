//! Trims the offline window: deletes sync entries that are older.

use domain::time::Timestamp;
use event_log::reader::LogReader;
use sqlx::{Connection as _, PgConnection};

use crate::checkpoint::Checkpoint;
use crate::config::MAX_TRIM_POSITIONS;
use crate::error::ProjectionError;
use crate::projector::Projector;

/// The result of one trim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrimResult {
    /// Entries at or before this position have been deleted.
    pub floor: i64,
    /// More entries are due: call [`Projector::trim`] again.
    pub has_more: bool,
}

impl Projector {
    /// Raises the floor towards the beginning of the offline window as of `now` and deletes the
    /// entries below it, in one transaction. One call covers a bounded number of positions. The
    /// floor never passes the last folded event.
    pub async fn trim(&mut self, now: Timestamp) -> Result<TrimResult, ProjectionError> {
        let outcome = self.trim_batch(now).await;
        if let Err(error) = &outcome {
            self.invalidate(error);
        }
        outcome
    }

    /// Raises the floor to the floor of another read model.
    pub(crate) async fn raise_floor_to(&mut self, floor: i64) -> Result<(), ProjectionError> {
        let checkpoint = self.load_checkpoint().await?.checkpoint;
        if floor <= checkpoint.floor {
            return Ok(());
        }
        let mut transaction = self.session.get().await?.begin().await?;
        checkpoint.lock(&mut transaction).await?;
        raise_floor(&mut transaction, checkpoint.floor, floor).await?;
        transaction.commit().await?;
        self.advance(Checkpoint {
            floor,
            ..checkpoint
        });
        Ok(())
    }

    async fn trim_batch(&mut self, now: Timestamp) -> Result<TrimResult, ProjectionError> {
        let checkpoint = self.load_checkpoint().await?.checkpoint;
        let window = i64::try_from(self.config.offline_window.as_millis()).unwrap_or(i64::MAX);
        let oldest = Timestamp::from_millis(now.millis().saturating_sub(window));
        let due = LogReader::new(self.pool.clone())
            .last_position_before(oldest)
            .await?
            .min(checkpoint.position);
        if due <= checkpoint.floor {
            return Ok(TrimResult {
                floor: checkpoint.floor,
                has_more: false,
            });
        }
        let floor = due.min(checkpoint.floor + MAX_TRIM_POSITIONS);
        let next = Checkpoint {
            floor,
            ..checkpoint
        };
        let mut transaction = self.session.get().await?.begin().await?;
        checkpoint.lock(&mut transaction).await?;
        raise_floor(&mut transaction, checkpoint.floor, floor).await?;
        transaction.commit().await?;
        self.advance(next);
        Ok(TrimResult {
            floor,
            has_more: floor < due,
        })
    }
}

/// Raises the floor and deletes the entries that are now below it.
async fn raise_floor(
    connection: &mut PgConnection,
    after: i64,
    up_to: i64,
) -> Result<(), sqlx::Error> {
    // The indexes on age are block-range indexes, which only a bitmap scan can read.
    sqlx::query("SET LOCAL enable_bitmapscan TO on")
        .execute(&mut *connection)
        .await?;
    sqlx::query("UPDATE checkpoint SET floor = $1")
        .bind(up_to)
        .execute(&mut *connection)
        .await?;
    sqlx::query("DELETE FROM inbox WHERE position > $1 AND position <= $2")
        .bind(after)
        .bind(up_to)
        .execute(&mut *connection)
        .await?;
    sqlx::query("DELETE FROM timeline WHERE position > $1 AND position <= $2")
        .bind(after)
        .bind(up_to)
        .execute(connection)
        .await?;
    Ok(())
}
