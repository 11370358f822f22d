//! What was erased, and how far that is.

use domain::time::Timestamp;
use serde::Serialize;
use sqlx::PgPool;
use sqlx::types::time::OffsetDateTime;

/// How far erasure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow, Serialize)]
pub struct Progress {
    /// The newest event that erases, 0 if there is none.
    pub ordered: i64,
    /// What the events up to here erase is gone from the log.
    pub position: i64,
    /// Events without content.
    pub events: i64,
    /// Those of them of which the stream still has a copy.
    pub not_mirrored: i64,
    /// What they erase up to here is gone from the database's files.
    pub files_at: i64,
}

impl Progress {
    /// Whether what these events erase is gone from the log and from the stream.
    pub fn is_done_to(&self, position: i64) -> bool {
        self.position >= self.ordered.min(position) && self.not_mirrored == 0
    }
}

/// How far it is now.
pub async fn progress(pool: &PgPool) -> Result<Progress, sqlx::Error> {
    sqlx::query_as(
        "SELECT greatest((SELECT max(e.position) FROM log.events e WHERE e.event_type = 'message_erased'),
                         (SELECT max(e.position) FROM log.events e WHERE e.event_type = 'title_erased'), 0)
                    AS ordered,
                n.position, x.events, x.not_mirrored, n.files_at
         FROM log.erasure n
         CROSS JOIN (SELECT count(*) AS events, count(*) FILTER (WHERE NOT mirrored) AS not_mirrored
                     FROM log.erased) x",
    )
    .fetch_one(pool)
    .await
}

/// An event whose content is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Erased {
    /// Where it stands.
    pub position: i64,
    /// The conversation's id.
    pub conversation_id: String,
    /// The message, if it speaks of one.
    pub seq: Option<i64>,
    /// What it is.
    pub event_type: String,
    /// The position of the event that says so.
    pub by: i64,
    /// When that was.
    pub erased_at: Timestamp,
}

/// What the events from one position to another erased, in the order of positions, at most `limit` after
/// a position.
pub async fn erased(
    pool: &PgPool,
    by: std::ops::RangeInclusive<i64>,
    after: i64,
    limit: i64,
) -> Result<Vec<Erased>, sqlx::Error> {
    let rows: Vec<(i64, String, Option<i64>, String, i64, OffsetDateTime)> = sqlx::query_as(
        "SELECT x.position, s.aggregate_id, e.message, e.event_type, x.by, o.occurred_at
         FROM log.erased x JOIN log.events e ON e.position = x.position
         JOIN log.streams s ON s.id = e.stream JOIN log.events o ON o.position = x.by
         WHERE x.by BETWEEN $1 AND $2 AND x.position > $3 ORDER BY x.position LIMIT $4",
    )
    .bind(by.start())
    .bind(by.end())
    .bind(after)
    .bind(limit)
    .fetch_all(pool)
    .await?;
    let erased = rows.into_iter().map(|row| Erased {
        position: row.0,
        conversation_id: row.1,
        seq: row.2,
        event_type: row.3,
        by: row.4,
        erased_at: row.5.into(),
    });
    Ok(erased.collect())
}
