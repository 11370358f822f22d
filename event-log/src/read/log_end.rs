//! The end of the log as one transaction sees it: for backups, and for checking what was restored.

use domain::history::{EpochTag, LogCursor};
use sqlx::PgConnection;
use uuid::Uuid;

use super::epochs;

/// The end of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogEnd {
    /// The permanent identity of this log.
    pub log_id: Uuid,
    /// The cursor of the last event. Its position is 0 if there is none.
    pub cursor: LogCursor,
    /// The tag of the newest epoch, which covers the events after that one.
    pub newest_tag: EpochTag,
}

/// Reads the end of the log.
pub async fn fetch_log_end(connection: &mut PgConnection) -> Result<LogEnd, sqlx::Error> {
    let (position, log_id, tag): (i64, Uuid, i32) =
        sqlx::query_as("SELECT position, log_id, tag FROM log.head")
            .fetch_one(&mut *connection)
            .await?;
    let history = epochs::load_history(connection).await?;
    Ok(LogEnd {
        log_id,
        cursor: history.cursor_at(position),
        newest_tag: EpochTag::from_sql(tag),
    })
}

/// Whether the log has exactly the events that its head says. Reads an index from end to end.
pub async fn has_every_event(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT count(e.position) = h.position AND coalesce(min(e.position), 1) = 1
                AND coalesce(max(e.position), 0) = h.position
           FROM log.head h LEFT JOIN log.events e ON true GROUP BY h.position",
    )
    .fetch_one(connection)
    .await
}
