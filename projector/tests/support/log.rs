//! Appends given events to the log unchanged, which no command can do.

use domain::envelope::Envelope;
use sqlx::PgPool;
use sqlx::types::time::OffsetDateTime;

/// Appends events that continue at the end of the log.
pub async fn append(pool: &PgPool, events: &[Envelope]) {
    let Some(last) = events.last() else { return };
    let mut transaction = pool.begin().await.unwrap();
    for event in events {
        let stream: i64 = sqlx::query_scalar(
            "INSERT INTO log.streams (aggregate_type, aggregate_id) VALUES ($1, $2) \
             ON CONFLICT (aggregate_type, aggregate_id) DO UPDATE SET aggregate_id = EXCLUDED.aggregate_id \
             RETURNING id",
        )
        .bind(event.aggregate.as_str())
        .bind(&event.aggregate_id)
        .fetch_one(&mut *transaction)
        .await
        .unwrap();
        sqlx::query(
            "INSERT INTO log.events (position, stream, sequence, occurred_at, event_version, event_type, payload, message, \
             actor) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(event.position)
        .bind(stream)
        .bind(event.sequence)
        .bind(OffsetDateTime::from(event.time))
        .bind(event.version)
        .bind(&event.event_type)
        .bind(event.data.get().as_bytes())
        .bind(serde_json::from_str::<serde_json::Value>(event.data.get()).unwrap()["seq"].as_i64())
        .bind(&event.actor)
        .execute(&mut *transaction)
        .await
        .unwrap();
    }
    sqlx::query("UPDATE log.head SET position = $1, occurred_at = $2")
        .bind(last.position)
        .bind(OffsetDateTime::from(last.time))
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
}
