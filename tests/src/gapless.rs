//! Lets many writers append through two command services, then checks that the log has no gap and
//! that the mirror is an exact copy.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use eventually::eventually_within;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::client::Client;
use crate::fleet::Fleet;
use crate::log;
use crate::seed::Rng;
use crate::world::Settings;

const SERVICES: usize = 2;
const WRITERS: usize = 8;
const GROUPS: usize = 5;

/// Sends per batch call. Every fourth call is a batch, so that single sends and batches compete.
const BATCH_SIZE: usize = 25;

/// How often a send may be answered with 503 before the run fails.
const MAX_ATTEMPTS: usize = 100;

/// How long the mirror may take to reach the head of the log.
const MIRROR_TIMEOUT: Duration = Duration::from_secs(300);

/// The results of one run.
#[derive(Debug)]
pub struct GaplessReport {
    /// Events in the log.
    pub events: usize,
    /// How many of them were compared with the mirror.
    pub mirrored: usize,
    /// Whether both services appended events.
    pub both_services_wrote: bool,
    /// Sends that lost too many races, were answered with 503 and were retried.
    pub busy: usize,
    /// How long the writers took.
    pub writing: Duration,
}

/// Writes at least this many events, then checks every one of them.
pub async fn run(events: usize, seed: u64) -> Result<GaplessReport> {
    let fleet = Fleet::start(SERVICES, &Settings::default()).await;
    let members: Vec<_> = (1..WRITERS).map(|n| format!("writer{n}")).collect();
    let members: Vec<&str> = members.iter().map(String::as_str).collect();
    for group in 0..GROUPS {
        fleet
            .user("writer0", group % SERVICES)
            .create_group(&format!("c{group}"), &members)
            .await
            .expect(201);
    }
    let start = Instant::now();
    let left = Arc::new(AtomicUsize::new(events));
    let mut rng = Rng::new(seed);
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let client = fleet.user(&format!("writer{writer}"), writer % SERVICES);
        writers.spawn(write(client, writer, rng.fork(), left.clone()));
    }
    let mut positions: Vec<BTreeSet<i64>> = vec![BTreeSet::new(); SERVICES];
    let mut busy = 0;
    while let Some(result) = writers.join_next().await {
        let written = result.context("a writer failed")??;
        busy += written.busy;
        for position in written.positions {
            ensure!(
                positions[written.writer % SERVICES].insert(position),
                "position {position} was returned twice"
            );
        }
    }
    let writing = start.elapsed();
    ensure!(
        positions[0].is_disjoint(&positions[1]),
        "both services returned the same position"
    );
    let head = log::check_positions(&fleet.pool).await?;
    let url = fleet.nats_url().to_owned();
    eventually_within(MIRROR_TIMEOUT, "the mirror is at the head", async || {
        (log::mirror_range(&url).await.ok()?.1 == head as u64).then_some(())
    })
    .await;
    let served = log::fetch_events(&fleet.admin()).await?;
    ensure!(
        served.len() as i64 == head,
        "the API returned {} events, the head is {head}",
        served.len()
    );
    let mirrored = log::check_mirror(&url, &served).await?;
    let both_wrote = positions.iter().all(|positions| !positions.is_empty());
    Ok(GaplessReport {
        events: served.len(),
        mirrored,
        both_services_wrote: both_wrote,
        busy,
        writing,
    })
}

/// The positions that one writer got.
#[derive(Default)]
struct WriterResult {
    writer: usize,
    positions: Vec<i64>,
    busy: usize,
}

/// Sends until no events are left to write.
async fn write(
    client: Client,
    writer: usize,
    mut rng: Rng,
    left: Arc<AtomicUsize>,
) -> Result<WriterResult> {
    let mut written = WriterResult {
        writer,
        ..WriterResult::default()
    };
    for call in 0.. {
        let count = if call % 4 == 3 { BATCH_SIZE } else { 1 };
        let taken = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            (left > 0).then_some(left.saturating_sub(count))
        });
        if taken.is_err() {
            break;
        }
        let lines: Vec<Value> = (0..count)
            .map(|n| {
                json!({ "op": "send", "conversation_id": format!("c{}", rng.below(GROUPS)), "type": "text",
                    "client_message_id": format!("{writer}:{call}:{n}"), "body": { "text": "hello" } })
            })
            .collect();
        for line in send_with_retry(&client, &lines, &mut written.busy).await? {
            written
                .positions
                .push(line["position"].as_i64().context("no position")?);
        }
    }
    Ok(written)
}

/// Sends one line as a single call, or several as a batch. Retries under the same keys while one of
/// them is answered with 503.
async fn send_with_retry(client: &Client, lines: &[Value], busy: &mut usize) -> Result<Vec<Value>> {
    for _ in 0..MAX_ATTEMPTS {
        let answers = if let [line] = lines {
            let conversation = line["conversation_id"].as_str().unwrap_or_default();
            let mut message = line.clone();
            if let Some(fields) = message.as_object_mut() {
                fields.retain(|name, _| !["op", "conversation_id"].contains(&name.as_str()));
            }
            let answer = client.send_message(conversation, message).await;
            vec![(answer.status, answer.json())]
        } else {
            let body = lines
                .iter()
                .map(Value::to_string)
                .collect::<Vec<_>>()
                .join("\n");
            let request = client
                .request(&Method::POST, "/v1/batch")
                .body("application/x-ndjson", body);
            let answer = request.send().await;
            ensure!(answer.status == 200, "{answer}");
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            let parsed = text.lines().map(serde_json::from_str::<Value>);
            let answers: Vec<Value> = parsed.collect::<Result<_, _>>()?;
            ensure!(
                answers.len() == lines.len(),
                "{} responses to {} lines",
                answers.len(),
                lines.len()
            );
            answers
                .into_iter()
                .map(|line| (line["status"].as_u64().unwrap_or_default() as u16, line))
                .collect()
        };
        let refused = answers
            .iter()
            .find(|(status, _)| !matches!(status, 200 | 201 | 503));
        ensure!(refused.is_none(), "{refused:?}");
        let unknown = answers.iter().filter(|(status, _)| *status == 503).count();
        if unknown == 0 {
            return Ok(answers.into_iter().map(|(_, line)| line).collect());
        }
        *busy += unknown;
    }
    anyhow::bail!("answered with 503 {MAX_ATTEMPTS} times in a row")
}

impl fmt::Display for GaplessReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = self.events as f64 / self.writing.as_secs_f64();
        write!(
            f,
            "{} events by {WRITERS} writers in {SERVICES} services in {:.1} s ({rate:.0}/s): \
             positions without a gap, {} compared with the stream, {} sends retried after a 503",
            self.events,
            self.writing.as_secs_f64(),
            self.mirrored,
            self.busy
        )
    }
}
