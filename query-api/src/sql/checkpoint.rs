//! The checkpoint of the read model, for callers that need nothing else from the same snapshot.

use connectivity::timeout::{EXCHANGE_TIMEOUT, within};
use domain::history::{EpochTag, LogCursor};
use sqlx::PgPool;

/// Reads the position of the read model. The checkpoint table has one row.
pub async fn read_position(pool: &PgPool) -> Result<i64, sqlx::Error> {
    let position = sqlx::query_scalar("SELECT k.position FROM read.checkpoint k").fetch_one(pool);
    within(EXCHANGE_TIMEOUT, position).await
}

/// Reads the position of the read model and the tag of its epoch.
pub async fn read_cursor(pool: &PgPool) -> Result<LogCursor, sqlx::Error> {
    let cursor = sqlx::query_as("SELECT k.position, k.tag FROM read.checkpoint k").fetch_one(pool);
    let (position, tag): (i64, i32) = within(EXCHANGE_TIMEOUT, cursor).await?;
    Ok(LogCursor {
        position,
        tag: EpochTag::from_sql(tag),
    })
}
