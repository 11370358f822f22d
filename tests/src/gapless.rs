//! Many writers in two command services: one gapless order, mirrored exactly.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::client::Client;
use crate::eventually::within;
use crate::fleet::Fleet;
use crate::log;
use crate::seed::Rng;
use crate::world::Settings;

const SERVICES: usize = 2;
const WRITERS: usize = 8;
const GROUPS: usize = 5;

/// Sends of one batch call. Every fourth call is a batch, so that single sends and batches meet.
const BATCH: usize = 25;

/// How often a send may be told to come back.
const TRIES: usize = 100;

/// How long the mirror may take to come up with the log.
const MIRROR: Duration = Duration::from_secs(300);

/// What one run came to.
#[derive(Debug)]
pub struct Report {
    /// Events of the log.
    pub events: usize,
    /// Of those, compared with the mirror.
    pub mirrored: usize,
    /// Whether both services appended.
    pub both_wrote: bool,
    /// Sends that were answered with 503 because too many others were faster, and tried again.
    pub busy: usize,
    /// How long the writers took.
    pub writing: Duration,
}

/// Writes until there are at least this many events, then checks every one of them.
pub async fn run(events: usize, seed: u64) -> Result<Report> {
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
    while let Some(done) = writers.join_next().await {
        let written = done.context("a writer")??;
        busy += written.busy;
        for position in written.positions {
            ensure!(
                positions[written.writer % SERVICES].insert(position),
                "position {position} was answered twice"
            );
        }
    }
    let writing = start.elapsed();
    ensure!(
        positions[0].is_disjoint(&positions[1]),
        "both services answered with one position"
    );
    let head = log::check_positions(&fleet.pool).await?;
    let url = fleet.nats_url().to_owned();
    within(MIRROR, "the mirror is at the head", async || {
        (log::mirror_ends(&url).await.ok()?.1 == head as u64).then_some(())
    })
    .await;
    let served = log::served(&fleet.admin()).await?;
    ensure!(
        served.len() as i64 == head,
        "{} events are served, the head is {head}",
        served.len()
    );
    let mirrored = log::check_mirror(&url, &served).await?;
    let both_wrote = positions.iter().all(|positions| !positions.is_empty());
    Ok(Report {
        events: served.len(),
        mirrored,
        both_wrote,
        busy,
        writing,
    })
}

/// What one writer was answered.
#[derive(Default)]
struct Written {
    writer: usize,
    positions: Vec<i64>,
    busy: usize,
}

/// Sends until nothing is left.
async fn write(
    client: Client,
    writer: usize,
    mut rng: Rng,
    left: Arc<AtomicUsize>,
) -> Result<Written> {
    let mut written = Written {
        writer,
        ..Written::default()
    };
    for call in 0.. {
        let count = if call % 4 == 3 { BATCH } else { 1 };
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
        for line in certain(&client, &lines, &mut written.busy).await? {
            written
                .positions
                .push(line["position"].as_i64().context("no position")?);
        }
    }
    Ok(written)
}

/// Sends lines, one as a single call and several as a batch, again under the same keys while one of
/// them is answered with 503: too many others were faster.
async fn certain(client: &Client, lines: &[Value], busy: &mut usize) -> Result<Vec<Value>> {
    for _ in 0..TRIES {
        let answers = if let [line] = lines {
            let room = line["conversation_id"].as_str().unwrap_or_default();
            let answer = client.send_message(room, line.clone()).await;
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
                "{} answers to {} lines",
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
        let unsure = answers.iter().filter(|(status, _)| *status == 503).count();
        if unsure == 0 {
            return Ok(answers.into_iter().map(|(_, line)| line).collect());
        }
        *busy += unsure;
    }
    anyhow::bail!("busy {TRIES} times in a row")
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = self.events as f64 / self.writing.as_secs_f64();
        write!(
            f,
            "{} events by {WRITERS} writers in {SERVICES} services in {:.1} s ({rate:.0}/s): \
             positions without a gap, {} compared with the stream, {} sends told to come back",
            self.events,
            self.writing.as_secs_f64(),
            self.mirrored,
            self.busy
        )
    }
}
