//! The erasure ledger: what was erased by which event, and the progress of erasure.

use domain::time::Timestamp;
use serde::Serialize;
use sqlx::PgPool;
use sqlx::types::time::OffsetDateTime;
use utoipa::ToSchema;

/// The progress of erasure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow, Serialize, ToSchema)]
pub struct ErasureProgress {
    /// The position of the newest erasure event, 0 if there is none.
    #[serde(rename = "ordered")]
    #[sqlx(rename = "ordered")]
    pub requested_to: i64,
    /// The log is redacted for erasure events up to this position.
    pub position: i64,
    /// The number of redacted events.
    pub events: i64,
    /// The number of redacted events whose copy is still in the stream.
    pub not_mirrored: i64,
    /// The database files are scrubbed for erasure events up to this position.
    #[serde(rename = "files_at")]
    #[sqlx(rename = "files_at")]
    pub files_scrubbed_to: i64,
}

impl ErasureProgress {
    /// Whether the log and the stream are redacted for all erasure events up to `position`.
    pub fn is_complete_to(&self, position: i64) -> bool {
        self.position >= self.requested_to.min(position) && self.not_mirrored == 0
    }
}

/// Loads the current progress.
pub async fn load_progress(pool: &PgPool) -> Result<ErasureProgress, sqlx::Error> {
    sqlx::query_as(
        "SELECT coalesce((SELECT max(n.last) FROM unnest($1::text[]) AS t(name)
                          CROSS JOIN LATERAL (SELECT max(e.position) AS last FROM log.events e
                                              WHERE e.event_type = t.name AND e.event_type <> 'message_sent') n), 0)
                    AS ordered,
                n.position, x.events, x.not_mirrored, n.files_at
         FROM log.erasure n
         CROSS JOIN (SELECT count(*) AS events, count(*) FILTER (WHERE NOT mirrored) AS not_mirrored
                     FROM log.erased) x",
    )
    .bind(&super::ERASURE_EVENT_TYPES[..])
    .fetch_one(pool)
    .await
}

/// An event whose content has been erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErasedEvent {
    /// The position of the event.
    pub position: i64,
    /// The id of the conversation.
    pub conversation_id: String,
    /// The seq of the message; `None` if the title was erased.
    pub seq: Option<i64>,
    /// The type of the event.
    pub event_type: String,
    /// The position of the erasure event.
    pub by: i64,
    /// The time of the erasure event.
    pub erased_at: Timestamp,
}

/// Loads the events that the erasure events in the range `by` have erased, in position order, at
/// most `limit` after a position.
pub async fn load_erased_events(
    pool: &PgPool,
    by: std::ops::RangeInclusive<i64>,
    after: i64,
    limit: i64,
) -> Result<Vec<ErasedEvent>, sqlx::Error> {
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
    let erased = rows.into_iter().map(|row| ErasedEvent {
        position: row.0,
        conversation_id: row.1,
        seq: row.2,
        event_type: row.3,
        by: row.4,
        erased_at: row.5.into(),
    });
    Ok(erased.collect())
}

/// The erasure of the event at a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct EventErasure {
    /// The position of the erasure event.
    pub by: i64,
    /// Whether the copy in the stream is gone too.
    #[sqlx(rename = "mirrored")]
    pub is_gone_from_stream: bool,
}

/// Loads the erasure of the event at a position; `None` if the log still has its content.
pub async fn load_event_erasure(
    pool: &PgPool,
    position: i64,
) -> Result<Option<EventErasure>, sqlx::Error> {
    sqlx::query_as("SELECT x.by, x.mirrored FROM log.erased x WHERE x.position = $1")
        .bind(position)
        .fetch_optional(pool)
        .await
}
