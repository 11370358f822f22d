//! The swap: makes the shadow tables the served ones.

use std::time::Duration;

use domain::history::{EpochTag, LogCursor};
use event_log::reader::LogReader;
use event_stream::lineage::{Lineage, SourceError};
use sqlx::postgres::PgConnection;
use sqlx::types::time::OffsetDateTime;
use sqlx::{Connection as _, Executor as _};
use tokio::time::Instant;

use super::catch_up::catch_up;
use super::schemas;
use super::views;
use crate::error::ProjectionError;
use crate::projector::Projector;
use crate::session::{LIVE, PREVIOUS, REBUILD};

/// Swaps the schemas. Returns the position of the new read model and how long projecting was
/// blocked.
pub(super) async fn swap(
    connection: &mut PgConnection,
    projector: &mut Projector,
    reader: &LogReader,
    batch: usize,
) -> Result<(i64, Duration), ProjectionError> {
    // Waits for a running batch of the live projector.
    connection.execute("SET lock_timeout TO '60s'").await?;
    let mut transaction = connection.begin().await?;
    let served: Option<(i64, i32, i64, i64)> = sqlx::query_as(
        "SELECT position, tag, generation, numbering FROM read.checkpoint FOR UPDATE",
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let began = Instant::now();
    // Parked events have assigned no ids, so folding them now may change the numbering.
    let had_parked: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM read.parked)")
        .fetch_one(&mut *transaction)
        .await?;
    // Without a checkpoint, no read model was served: a rebuild repairs that too.
    let (live, tag, generation, numbering) =
        served.unwrap_or_else(|| (0, 0, 0, OffsetDateTime::now_utc().unix_timestamp()));
    catch_up(projector, reader, batch, None, &mut |_| ()).await?;
    let position = projector.position().await?;
    // A served read model of another history may be further: the log has lost those events.
    if position < live && belongs_to_log(reader, live, tag).await? {
        return Err(ProjectionError::AheadOfLog {
            position: live,
            head: position,
        });
    }
    // The old checkpoint row changes too, so that a batch that waits for its lock fails instead of
    // writing to tables that are no longer read.
    for schema in [LIVE, REBUILD] {
        sqlx::query(&format!(
            "UPDATE {schema}.checkpoint SET generation = $1, numbering = $2"
        ))
        .bind(generation + 1)
        .bind(numbering + i64::from(had_parked))
        .execute(&mut *transaction)
        .await?;
    }
    schemas::rename_schema(&mut transaction, LIVE, PREVIOUS).await?;
    schemas::rename_schema(&mut transaction, REBUILD, LIVE).await?;
    views::move_in_swap(&mut transaction).await?;
    transaction.commit().await?;
    Ok((position, began.elapsed()))
}

/// Whether the log has the event at the checkpoint of a read model.
pub(super) async fn belongs_to_log(
    reader: &LogReader,
    position: i64,
    tag: i32,
) -> Result<bool, ProjectionError> {
    let cursor = LogCursor {
        position,
        tag: EpochTag::from_sql(tag),
    };
    match Lineage::new(reader.clone()).check(cursor.into()).await {
        Ok(()) => Ok(true),
        Err(SourceError::ForeignCursor { .. }) => Ok(false),
        Err(SourceError::Database(error)) => Err(error.into()),
    }
}
