//! The lag of the read model, the seals and moderation behind the log.

use domain::history::{EpochTag, LogCursor};
use domain::time::Timestamp;
use event_log::reader::LogReader;
use log_integrity::seal::store;
use serde::Serialize;
use sqlx::PgPool;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// The lag of the read model behind the log.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct ProjectionLag {
    /// The position of the last event of the log.
    pub head: i64,
    /// The position of the last event of the read model.
    pub position: i64,
    /// The number of events between them.
    pub events: i64,
    /// The age of the oldest of these events, in seconds.
    pub seconds: f64,
    /// Whether the log does not have the last event of the read model, so that the read model has
    /// to be rebuilt.
    pub is_foreign: bool,
}

impl ProjectionLag {
    /// Measures the lag. The database must be migrated.
    pub async fn measure(pool: &PgPool) -> Result<Self, sqlx::Error> {
        // Read the checkpoint first, so that it cannot be ahead of the head.
        let checkpoint = read_model_cursor(pool).await?;
        let position = checkpoint.position;
        let reader = LogReader::new(pool.clone());
        let head = reader.head().await?.position;
        let is_foreign = position > head || !reader.history().await?.contains(checkpoint);
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
            is_foreign,
        })
    }
}

/// How far the seals lag behind the log.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SealLag {
    /// The age of the oldest event that is not sealed, in seconds.
    pub seconds: f64,
}

impl SealLag {
    /// Measures the lag. The database must be migrated.
    pub async fn measure(pool: &PgPool) -> Result<Self, sqlx::Error> {
        let now = Timestamp::from(OffsetDateTime::now_utc());
        let since = store::oldest_unsealed(pool).await?.unwrap_or(now);
        let seconds = (now.millis() - since.millis()).max(0) as f64 / 1000.0;
        Ok(Self { seconds })
    }
}

/// How far what follows the log for moderators lags behind it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct ModerationLag {
    /// Everything up to here has been followed.
    pub position: i64,
    /// The number of events after it.
    pub events: i64,
    /// The age of the oldest of these events, in seconds.
    pub seconds: f64,
}

impl ModerationLag {
    /// Measures the lag. The database must be migrated.
    pub async fn measure(pool: &PgPool) -> Result<Self, sqlx::Error> {
        let position: i64 = sqlx::query_scalar("SELECT position FROM moderation.progress")
            .fetch_one(pool)
            .await?;
        let reader = LogReader::new(pool.clone());
        let head = reader.head().await?.position;
        let now = Timestamp::from(OffsetDateTime::now_utc());
        let since = reader.event_time(position + 1).await?.unwrap_or(now);
        Ok(Self {
            position,
            events: (head - position).max(0),
            seconds: (now.millis() - since.millis()).max(0) as f64 / 1000.0,
        })
    }
}

/// The position of the last event of the read model.
pub async fn read_model_position(pool: &PgPool) -> Result<i64, sqlx::Error> {
    Ok(read_model_cursor(pool).await?.position)
}

/// The cursor of the last event of the read model.
async fn read_model_cursor(pool: &PgPool) -> Result<LogCursor, sqlx::Error> {
    let (position, tag): (i64, i32) = sqlx::query_as("SELECT position, tag FROM read.checkpoint")
        .fetch_one(pool)
        .await?;
    Ok(LogCursor {
        position,
        tag: EpochTag::from_sql(tag),
    })
}
