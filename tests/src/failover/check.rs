//! Compares the answers to clients, and what every part of the system has, with the log.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use eventually::{eventually, pause};
use serde_json::Value;
use sqlx::PgPool;

use crate::client::Client;
use crate::log;

/// How long the mirror may take to become exact.
const MIRROR_TIMEOUT: Duration = Duration::from_secs(30);

/// The pause between two comparisons of the mirror.
const MIRROR_INTERVAL: Duration = Duration::from_millis(50);

/// A send as it was acknowledged, or as it is in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfirmedSend {
    /// The conversation.
    pub conversation: String,
    /// The seq of the message.
    pub seq: i64,
    /// The position of the event.
    pub position: i64,
}

/// Sends by their keys, which are also their texts. A key begins with the conversation and a slash.
pub type ConfirmedSends = HashMap<String, ConfirmedSend>;

/// Reads the sends that a log has, and checks that it has each of them once, where it belongs.
pub async fn load_sends(pool: &PgPool) -> Result<ConfirmedSends> {
    let rows: Vec<(i64, String, i64, String)> = sqlx::query_as(
        "SELECT position, aggregate_id, (payload->>'seq')::bigint, payload->'body'->>'text'
         FROM events WHERE event_type = 'message_sent' ORDER BY position",
    )
    .fetch_all(pool)
    .await?;
    let mut sends = HashMap::new();
    for (position, conversation, seq, key) in rows {
        let (destination, _) = key.split_once('/').context("a key")?;
        ensure!(
            destination == conversation,
            "{key} was written into {conversation}"
        );
        let send = ConfirmedSend {
            conversation,
            seq,
            position,
        };
        let twice = sends.insert(key.clone(), send);
        ensure!(twice.is_none(), "{key} is in the log twice");
    }
    Ok(sends)
}

/// Compares acknowledged sends with those of the log. Returns the keys of those that it does not
/// have.
pub fn find_lost(acked: &ConfirmedSends, logged: &ConfirmedSends) -> Result<Vec<String>> {
    let mut lost = Vec::new();
    for (key, send) in acked {
        match logged.get(key) {
            Some(found) => ensure!(
                found == send,
                "{key} was acknowledged as {send:?}, the log has {found:?}"
            ),
            None => lost.push(key.clone()),
        }
    }
    Ok(lost)
}

/// Fails if sends were lost that a standby must have.
pub fn require_none_lost(lost: &[String]) -> Result<()> {
    ensure!(
        lost.is_empty(),
        "{} acknowledged sends were lost although the standby is synchronous",
        lost.len()
    );
    Ok(())
}

/// A conversation shows what the log has, in order and without a gap.
pub async fn check_conversation(
    reader: &Client,
    group: &str,
    logged: &ConfirmedSends,
    head: i64,
) -> Result<()> {
    let mut expected: Vec<(i64, &str)> = logged
        .iter()
        .filter(|(_, send)| send.conversation == group)
        .map(|(key, send)| (send.seq, key.as_str()))
        .collect();
    expected.sort_unstable();
    let shown = read_conversation(reader, group, head).await;
    for (number, (seq, _)) in shown.iter().enumerate() {
        ensure!(*seq == number as i64 + 1, "{group} has a hole before {seq}");
    }
    let shown: Vec<(i64, &str)> = shown
        .iter()
        .map(|(seq, key)| (*seq, key.as_str()))
        .collect();
    ensure!(
        shown == expected,
        "{group} shows {} messages, the log has {}",
        shown.len(),
        expected.len()
    );
    Ok(())
}

async fn read_conversation(reader: &Client, group: &str, head: i64) -> Vec<(i64, String)> {
    let mut shown: Vec<(i64, String)> = Vec::new();
    loop {
        let after = shown.last().map_or(0, |(seq, _)| *seq);
        let path = format!(
            "/v1/conversations/{group}/messages?limit=200&after={after}&min_position={head}"
        );
        let page = eventually("the projection is at the head", async || {
            let answer = reader.get(&path).await;
            (answer.status == 200).then(|| answer.json())
        })
        .await;
        let messages = page["messages"].as_array().cloned().unwrap_or_default();
        let read = |message: &Value| {
            let text = message["body"]["text"].as_str().unwrap_or_default();
            (message["seq"].as_i64().unwrap_or_default(), text.to_owned())
        };
        shown.extend(messages.iter().map(read));
        if page["has_more"] != true {
            return shown;
        }
    }
}

/// No event waits for one that does not come.
pub async fn check_nothing_parked(pool: &PgPool) -> Result<()> {
    let parked: i64 = sqlx::query_scalar("SELECT count(*) FROM read.parked")
        .fetch_one(pool)
        .await?;
    ensure!(parked == 0, "{parked} events wait behind a hole");
    Ok(())
}

/// The mirror becomes what the log has.
pub async fn check_mirror(nats_url: &str, admin: &Client) -> Result<()> {
    let events = log::fetch_events(admin).await?;
    let began = Instant::now();
    loop {
        match log::check_mirror(nats_url, &events).await {
            Ok(_) => return Ok(()),
            Err(error) if began.elapsed() > MIRROR_TIMEOUT => return Err(error),
            Err(_) => pause(MIRROR_INTERVAL).await,
        }
    }
}
