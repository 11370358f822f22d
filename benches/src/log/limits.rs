//! The most that Postgres and the broker can do with the same events on this machine.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use async_nats::HeaderMap;
use futures::TryStreamExt;
use sqlx::postgres::PgPoolCopyExt;
use sqlx::{PgPool, Row};

/// Rows read per query before they are published.
const READ_BATCH: i64 = 50_000;

/// The columns of the log, as text. The output is discarded.
const COPY_SQL: &str = "COPY (SELECT e.position, s.aggregate_type, s.aggregate_id, e.sequence, e.event_type, \
     e.event_version, e.occurred_at, convert_from(e.payload, 'UTF8') \
     FROM log.events e JOIN log.streams s ON s.id = e.stream ORDER BY e.position) TO STDOUT";

/// How long COPY takes: the shorter of two runs.
pub async fn copy(database_url: &str) -> Result<Duration> {
    let pool = PgPool::connect(database_url).await?;
    let mut best = Duration::MAX;
    for _ in 0..2 {
        let start = Instant::now();
        let mut rows = pool.copy_out_raw(COPY_SQL).await?;
        while rows.try_next().await?.is_some() {}
        best = best.min(start.elapsed());
    }
    Ok(best)
}

/// How long the broker takes to accept as many messages of the same size from memory.
pub async fn publish(database_url: &str, nats_url: &str) -> Result<Duration> {
    let pool = PgPool::connect(database_url).await?;
    let client = async_nats::connect(nats_url).await.context("NATS")?;
    let headers = HeaderMap::from_iter([(
        async_nats::HeaderName::from_static("content-type"),
        async_nats::HeaderValue::from("application/cloudevents+json"),
    )]);
    let mut duration = Duration::ZERO;
    let mut position = 0i64;
    loop {
        let rows = sqlx::query(
            "SELECT position, payload, payload || repeat(' ', 220)::bytea FROM log.events \
             WHERE position > $1 ORDER BY position LIMIT $2",
        )
        .bind(position)
        .bind(READ_BATCH)
        .fetch_all(&pool)
        .await?;
        let Some(last) = rows.last() else { break };
        position = last.try_get(0)?;
        // The query adds 220 bytes, about as much as the envelope adds to the data.
        let bodies: Vec<Vec<u8>> = rows.iter().map(|row| row.get(2)).collect();
        let start = Instant::now();
        for body in bodies {
            client
                .publish_with_headers("bench.most", headers.clone(), body.into())
                .await?;
        }
        client.flush().await.context("flush")?;
        duration += start.elapsed();
    }
    Ok(duration)
}
