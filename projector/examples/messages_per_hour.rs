//! A custom projection: counts the messages that each user has sent in each hour, from the first
//! event of the log on and then as events are appended.
//!
//! ```sh
//! export DATABASE_URL=postgres://... NATS_URL=nats://...
//! cargo run --release --example messages_per_hour
//! psql "$DATABASE_URL" \
//!   -c 'SELECT * FROM example.messages_per_hour ORDER BY messages DESC LIMIT 10'
//! ```
//!
//! Up to a thousand events are folded at a time. The counts and the cursor change in one
//! transaction, so every message is counted exactly once.
//! Drop the schema `example` to start from scratch.

use std::collections::BTreeMap;

use domain::conversation::event::ConversationEvent;
use domain::envelope::Envelope;
use domain::event::EventFamily as _;
use domain::history::{CursorParseError, CursorReference};
use event_log::reader::LogReader;
use event_stream::mirror::MirrorConfig;
use event_stream::nats;
use event_stream::projection::{Projection, run};
use event_stream::source::EventSource;
use sqlx::PgPool;
use sqlx::types::time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

struct MessagesPerHour {
    pool: PgPool,
}

impl MessagesPerHour {
    async fn open(pool: PgPool) -> Result<Self, sqlx::Error> {
        sqlx::raw_sql(
            "CREATE SCHEMA IF NOT EXISTS example;
             CREATE TABLE IF NOT EXISTS example.messages_per_hour (
                 sender text NOT NULL, hour timestamptz NOT NULL, messages bigint NOT NULL,
                 PRIMARY KEY (sender, hour));
             CREATE TABLE IF NOT EXISTS example.checkpoint (
                 one boolean PRIMARY KEY DEFAULT true CHECK (one), cursor text NOT NULL);
             INSERT INTO example.checkpoint (cursor) VALUES ('0') ON CONFLICT DO NOTHING;",
        )
        .execute(&pool)
        .await?;
        Ok(Self { pool })
    }
}

impl Projection for MessagesPerHour {
    type Error = sqlx::Error;

    async fn cursor(&mut self) -> Result<CursorReference, sqlx::Error> {
        let stored: String = sqlx::query_scalar("SELECT cursor FROM example.checkpoint")
            .fetch_one(&self.pool)
            .await?;
        stored
            .parse()
            .map_err(|error: CursorParseError| sqlx::Error::Decode(error.into()))
    }

    async fn fold(&mut self, events: &[Envelope]) -> Result<(), sqlx::Error> {
        let mut counts: BTreeMap<(String, i64), i64> = BTreeMap::new();
        for event in events {
            // `read` upcasts old versions to the current one. Other events are skipped.
            let data = event.data.get().as_bytes();
            let read = ConversationEvent::decode(&event.event_type, event.version, data);
            if let Ok(ConversationEvent::MessageSent(message)) = read {
                let hour = message.sent_at.millis().div_euclid(3_600_000);
                *counts
                    .entry((message.sender.as_str().to_owned(), hour))
                    .or_default() += 1;
            }
        }
        let senders: Vec<&str> = counts.keys().map(|(sender, _)| sender.as_str()).collect();
        let hours: Vec<OffsetDateTime> = counts
            .keys()
            .map(|(_, hour)| OffsetDateTime::from_unix_timestamp(hour * 3600))
            .collect::<Result<_, _>>()
            .map_err(|error| sqlx::Error::Encode(error.into()))?;
        let messages: Vec<i64> = counts.values().copied().collect();
        let last = events.last().map(|event| event.cursor().to_string());
        let mut transaction = self.pool.begin().await?;
        sqlx::query(
            "INSERT INTO example.messages_per_hour AS m (sender, hour, messages)
             SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::bigint[])
             ON CONFLICT (sender, hour) DO UPDATE SET messages = m.messages + excluded.messages",
        )
        .bind(senders)
        .bind(hours)
        .bind(messages)
        .execute(&mut *transaction)
        .await?;
        sqlx::query("UPDATE example.checkpoint SET cursor = coalesce($1, cursor)")
            .bind(last)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = |name: &str| std::env::var(name).map_err(|error| format!("{name}: {error}"));
    let (database_url, nats_url) = (address("DATABASE_URL")?, address("NATS_URL")?);
    let pool = PgPool::connect(&database_url).await?;
    let nats = nats::connect(&nats_url).await?;
    let source = EventSource::new(
        LogReader::new(pool.clone()),
        Some(nats),
        MirrorConfig::default(),
    );
    let mut projection = MessagesPerHour::open(pool).await?;
    let shutdown = CancellationToken::new();
    let signal = shutdown.clone();
    tokio::spawn(async move {
        // If signals cannot be handled, killing the process is safe too.
        let _ = tokio::signal::ctrl_c().await;
        signal.cancel();
    });
    run(&mut projection, source, &shutdown).await;
    Ok(())
}
