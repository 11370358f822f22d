//! The checkpoint of the read model. It changes in the same transaction as the rows.

use sqlx::PgConnection;
use sqlx::types::time::OffsetDateTime;

use domain::history::{EpochTag, LogCursor};
use domain::time::Timestamp;

use crate::error::ProjectionError;

/// The row of `checkpoint`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// The position of the last folded event.
    pub position: i64,
    /// The tag of the epoch that the position belongs to.
    pub tag: EpochTag,
    /// Sync entries at or before this position have been trimmed.
    pub floor: i64,
    /// The number of users that have an id.
    pub users: i64,
    /// The number of conversations that have an id.
    pub conversations: i64,
    /// The generation of the read model: each rebuild increments it.
    pub generation: i64,
    /// The time of the event at `position`.
    pub event_time: Timestamp,
}

impl Checkpoint {
    pub(crate) async fn load(connection: &mut PgConnection) -> Result<Self, ProjectionError> {
        let row: Option<(i64, i32, i64, i64, i64, i64, OffsetDateTime)> = sqlx::query_as(
            "SELECT position, tag, floor, users, conversations, generation, event_time FROM checkpoint",
        )
        .fetch_optional(connection)
        .await?;
        let (position, tag, floor, users, conversations, generation, event_time) =
            row.ok_or_else(|| {
                ProjectionError::Corrupted("the checkpoint row is missing".to_owned())
            })?;
        let event_time = event_time.into();
        Ok(Self {
            position,
            tag: EpochTag::from_sql(tag),
            floor,
            users,
            conversations,
            generation,
            event_time,
        })
    }

    /// The cursor of the last folded event.
    pub fn cursor(&self) -> LogCursor {
        LogCursor {
            position: self.position,
            tag: self.tag,
        }
    }

    /// Locks the checkpoint row until the end of the transaction. A second projector waits here and
    /// then fails with [`ProjectionError::Fenced`], because the checkpoint has moved.
    pub(crate) async fn lock(&self, connection: &mut PgConnection) -> Result<(), ProjectionError> {
        let locked = sqlx::query(
            "SELECT FROM checkpoint WHERE position = $1 AND floor = $2 AND generation = $3 AND tag = $4 FOR UPDATE",
        )
        .bind(self.position)
        .bind(self.floor)
        .bind(self.generation)
        .bind(self.tag.to_sql())
        .execute(connection)
        .await?;
        if locked.rows_affected() == 1 {
            Ok(())
        } else {
            Err(ProjectionError::Fenced)
        }
    }
}
