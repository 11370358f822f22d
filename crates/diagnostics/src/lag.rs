//! The lag of the read model behind the log.

use domain::time::Timestamp;
use event_log::reader::LogReader;
use serde::Serialize;
use sqlx::PgPool;
use time::OffsetDateTime;

/// The lag of the read model behind the log.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ProjectionLag {
    /// The position of the last event of the log.
    pub head: i64,
    /// The position of the last event of the read model.
    pub position: i64,
    /// The number of events between them.
    pub events: i64,
    /// The age of the oldest of these events, in seconds.
    pub seconds: f64,
}

impl ProjectionLag {
    /// Measures the lag. The database must be migrated.
    pub async fn measure(pool: &PgPool) -> Result<Self, sqlx::Error> {
        // Read the position first, so that it cannot be ahead of the head.
        let position = read_model_position(pool).await?;
        let reader = LogReader::new(pool.clone());
        let head = reader.head().await?.position;
        let waiting = if head > position {
            reader.read_after(position, 1).await?
        } else {
            Vec::new()
        };
        let now = Timestamp::from(OffsetDateTime::now_utc());
        let since = waiting.first().map_or(now, |event| event.time);
        let seconds = (now.millis() - since.millis()).max(0) as f64 / 1000.0;
        Ok(Self {
            head,
            position,
            events: head - position,
            seconds,
        })
    }
}

/// The position of the last event of the read model.
pub async fn read_model_position(pool: &PgPool) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT position FROM read.checkpoint")
        .fetch_one(pool)
        .await
}
