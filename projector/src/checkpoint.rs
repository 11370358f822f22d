//! How far the read model is. Changes in the same transaction as the rows.

use sqlx::PgConnection;
use sqlx::types::time::OffsetDateTime;

use domain::time::Timestamp;

use crate::error::ProjectError;

/// The row of `checkpoint`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// The last event folded.
    pub position: i64,
    /// Sync entries at or before it are not kept.
    pub floor: i64,
    /// How many users have been numbered.
    pub users: i64,
    /// How many conversations have been numbered.
    pub conversations: i64,
    /// Which build of the read model this is.
    pub generation: i64,
    /// The time of the event at `position`.
    pub event_time: Timestamp,
}

impl Checkpoint {
    pub(crate) async fn load(connection: &mut PgConnection) -> Result<Self, ProjectError> {
        let row: Option<(i64, i64, i64, i64, i64, OffsetDateTime)> = sqlx::query_as(
            "SELECT position, floor, users, conversations, generation, event_time FROM checkpoint",
        )
        .fetch_optional(connection)
        .await?;
        let (position, floor, users, conversations, generation, event_time) =
            row.ok_or_else(|| ProjectError::Damaged("there is no checkpoint".to_owned()))?;
        let event_time = event_time.into();
        Ok(Self {
            position,
            floor,
            users,
            conversations,
            generation,
            event_time,
        })
    }

    /// Holds the checkpoint where this projector knows it until the end of the transaction. A
    /// second projector waits here, and then finds that it was too late.
    pub(crate) async fn lock(&self, connection: &mut PgConnection) -> Result<(), ProjectError> {
        let held = sqlx::query(
            "SELECT FROM checkpoint WHERE position = $1 AND floor = $2 AND generation = $3 FOR UPDATE",
        )
        .bind(self.position)
        .bind(self.floor)
        .bind(self.generation)
        .execute(connection)
        .await?;
        if held.rows_affected() == 1 {
            Ok(())
        } else {
            Err(ProjectError::Fenced)
        }
    }
}
