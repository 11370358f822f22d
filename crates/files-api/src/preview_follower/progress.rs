//! How far previews have been made, and the lease of the process that makes them.

use connectivity::postgres::{LeaseLock, SessionLease};
use connectivity::timeout::{EXCHANGE_TIMEOUT, within};
use domain::history::{EpochTag, LogCursor};
use sqlx::{PgConnection, PgPool};

/// The number of the lock: "previews" in ASCII.
const LOCK: LeaseLock = LeaseLock::Number(0x7072_6576_6965_7773);

/// Tries to acquire the lease. Returns `None` if another process has it.
pub(super) async fn try_acquire(pool: &PgPool) -> Result<Option<SessionLease>, sqlx::Error> {
    // Progress that is lost is made again, to the same effect.
    let settings = [("synchronous_commit", "off")];
    SessionLease::try_acquire(pool, LOCK, "tidings previews", &settings).await
}

/// Where to go on. `None` at the beginning of the log.
pub(super) async fn load(connection: &mut PgConnection) -> Result<Option<LogCursor>, sqlx::Error> {
    let load = sqlx::query_as("SELECT position, tag FROM files.preview_progress");
    let (position, tag): (i64, Option<i32>) =
        within(EXCHANGE_TIMEOUT, load.fetch_one(connection)).await?;
    Ok(tag.map(|tag| LogCursor {
        position,
        tag: EpochTag::from_sql(tag),
    }))
}

/// Stores that everything up to a cursor is done.
pub(super) async fn store(
    connection: &mut PgConnection,
    cursor: Option<LogCursor>,
) -> Result<(), sqlx::Error> {
    let store = sqlx::query("UPDATE files.preview_progress SET position = $1, tag = $2")
        .bind(cursor.map_or(0, |cursor| cursor.position))
        .bind(cursor.map(|cursor| cursor.tag.to_sql()));
    within(EXCHANGE_TIMEOUT, store.execute(connection)).await?;
    Ok(())
}
