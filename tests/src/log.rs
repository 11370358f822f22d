//! Reads the log, the mirror and the read models directly, without the code of the services.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use async_nats::{ConnectOptions, ServerAddr};
use bytes::Bytes;
use futures::StreamExt;
use serde_json::Value;
use sqlx::{PgPool, Row};

use crate::client::Client;

/// The name of the JetStream stream.
pub const STREAM_NAME: &str = "TIDINGS";

/// Events per page of `GET /v1/events`.
const PAGE_SIZE: i64 = 10_000;

/// The position of the newest event.
pub async fn head(pool: &PgPool) -> Result<i64> {
    Ok(sqlx::query_scalar("SELECT position FROM log.head")
        .fetch_one(pool)
        .await?)
}

/// Checks that positions are 1, 2, ..., n without a gap, that n is the head, that time never runs
/// backwards, and that the sequences of each stream are 1, 2, ..., m in log order. Returns n.
pub async fn check_positions(pool: &PgPool) -> Result<i64> {
    let row = sqlx::query(
        "SELECT count(*), coalesce(min(position), 1), coalesce(max(position), 0) FROM log.events",
    );
    let row = row.fetch_one(pool).await?;
    let (count, first, last): (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
    ensure!(
        first == 1 && count == last,
        "{count} events from {first} to {last}"
    );
    let head = head(pool).await?;
    ensure!(head == last, "the head is {head}, the last event {last}");
    let bad: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM (
             SELECT occurred_at < lag(occurred_at) OVER (ORDER BY position) AS back,
                    sequence <> row_number() OVER (PARTITION BY stream ORDER BY position) AS hole
             FROM log.events) e
         WHERE back OR hole",
    )
    .fetch_one(pool)
    .await?;
    ensure!(
        bad == 0,
        "{bad} events are out of order in time or in their stream"
    );
    Ok(last)
}

/// Every event as returned by `GET /v1/events`: one JSON object each, byte for byte.
pub async fn fetch_events(admin: &Client) -> Result<Vec<Bytes>> {
    let mut events: Vec<Bytes> = Vec::new();
    loop {
        let path = format!("/v1/events?after={}&limit={PAGE_SIZE}", events.len());
        let answer = admin.get(&path).await;
        ensure!(answer.status == 200, "{answer}");
        let before = events.len();
        let lines = answer
            .body
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty());
        events.extend(lines.map(Bytes::copy_from_slice));
        if events.len() == before {
            return Ok(events);
        }
    }
}

/// The events of a type, as `GET /v1/events` returns them; at most a page.
pub async fn fetch_typed(admin: &Client, event_type: &str) -> Vec<Value> {
    let path = format!("/v1/events?type={event_type}&limit={PAGE_SIZE}");
    let answer = admin.get(&path).await;
    assert_eq!(answer.status, 200, "{answer}");
    let lines = answer.body.split(|byte| *byte == b'\n');
    lines
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap_or_else(|error| panic!("{error}")))
        .collect()
}

/// Connects to one of the servers in the URL, which commas separate, with its user and password.
pub async fn connect_nats(nats_url: &str) -> Result<async_nats::Client> {
    let addresses: Vec<ServerAddr> = nats_url
        .split(',')
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    let credentials = addresses
        .first()
        .and_then(|address| Some((address.username()?, address.password()?)));
    let options = match credentials {
        Some((user, password)) => {
            ConnectOptions::with_user_and_password(user.to_owned(), password.to_owned())
        }
        None => ConnectOptions::new(),
    };
    Ok(options.connect(addresses).await?)
}

/// The first and last sequence of the stream.
pub async fn mirror_range(nats_url: &str) -> Result<(u64, u64)> {
    let client = connect_nats(nats_url).await?;
    let mut stream = async_nats::jetstream::new(client)
        .get_stream(STREAM_NAME)
        .await?;
    let state = &stream.info().await?.state;
    Ok((state.first_sequence, state.last_sequence))
}

/// Deletes the stream, as an operator could by mistake.
pub async fn delete_mirror(nats_url: &str) -> Result<()> {
    let client = connect_nats(nats_url).await?;
    async_nats::jetstream::new(client)
        .delete_stream(STREAM_NAME)
        .await?;
    Ok(())
}

/// Compares the whole stream with the events of the log: the message with sequence n must be the
/// event at position n, byte for byte, up to the end of the log. Returns how many were compared.
pub async fn check_mirror(nats_url: &str, events: &[Bytes]) -> Result<usize> {
    let client = connect_nats(nats_url).await?;
    let mut stream = async_nats::jetstream::new(client)
        .get_stream(STREAM_NAME)
        .await?;
    let state = stream.info().await?.state.clone();
    ensure!(
        state.last_sequence == events.len() as u64,
        "the mirror ends at {}, the log at {}",
        state.last_sequence,
        events.len()
    );
    let config = pull::OrderedConfig {
        deliver_policy: DeliverPolicy::All,
        ..pull::OrderedConfig::default()
    };
    let mut messages = stream.create_consumer(config).await?.messages().await?;
    let mut expected = state.first_sequence;
    while expected <= state.last_sequence {
        let message = messages.next().await.context("the stream ended early")??;
        let sequence = message
            .info()
            .map_err(|error| anyhow::anyhow!(error))?
            .stream_sequence;
        ensure!(
            sequence == expected,
            "sequence {sequence} follows {}",
            expected - 1
        );
        let event = &events[sequence as usize - 1];
        ensure!(
            message.payload == event,
            "sequence {sequence} is {:?}, the log has {event:?}",
            message.payload
        );
        let position = serde_json::from_slice::<Value>(&message.payload)?["position"].as_u64();
        ensure!(
            position == Some(sequence),
            "sequence {sequence} has position {position:?}"
        );
        expected += 1;
    }
    Ok((state.last_sequence + 1 - state.first_sequence) as usize)
}

/// Every row of every table of the read model as text, in order. Two dumps are equal if and only if
/// the tables are.
pub async fn dump_read_tables(pool: &PgPool) -> Result<BTreeMap<String, Vec<String>>> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT tablename::text FROM pg_tables WHERE schemaname = 'read' ORDER BY tablename",
    )
    .fetch_all(pool)
    .await?;
    let mut dump = BTreeMap::new();
    for table in tables {
        // A rebuild has another generation but the same rows.
        let row = if table == "checkpoint" {
            "(to_jsonb(t) - 'generation')"
        } else {
            "t"
        };
        let rows = format!("SELECT {row}::text FROM read.{table} t ORDER BY 1");
        dump.insert(table, sqlx::query_scalar(&rows).fetch_all(pool).await?);
    }
    Ok(dump)
}
