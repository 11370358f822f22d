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
    /// How long the writers took.
    pub writing: Duration,
}

/// Writes until there are at least this many events, then checks every one of them.
pub async fn run(events: usize, seed: u64) -> Result<Report> {
    let fleet = Fleet::start(SERVICES, &Settings::default()).await;
    let members: Vec<_> = (1..WRITERS).map(|n| format!("writer{n}")).collect();
    let members: Vec<&str> = members.iter().map(String::as_str).collect();
    for group in 0..GROUPS {
        fleet.user("writer0", group % SERVICES).create_group(&format!("c{group}"), &members).await.expect(201);
    }
    let start = Instant::now();
    let left = Arc::new(AtomicUsize::new(events));
    let mut rng = Rng::new(seed);
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let client = fleet.user(&format!("writer{writer}"), writer % SERVICES);
        writers.spawn(write(client, rng.fork(), left.clone()));
    }
    let mut positions: Vec<BTreeSet<i64>> = vec![BTreeSet::new(); SERVICES];
    while let Some(done) = writers.join_next().await {
        let (user, answered) = done.context("a writer")??;
        let writer: usize = user.trim_start_matches("writer").parse()?;
        for position in answered {
            ensure!(positions[writer % SERVICES].insert(position), "position {position} was answered twice");
        }
    }
    let writing = start.elapsed();
    ensure!(positions[0].is_disjoint(&positions[1]), "both services answered with one position");
    let head = log::check_positions(&fleet.pool).await?;
    let url = fleet.nats_url().to_owned();
    within(MIRROR, "the mirror is at the head", async || {
        (log::mirror_ends(&url).await.ok()?.1 == head as u64).then_some(())
    })
    .await;
    let served = log::served(&fleet.admin()).await?;
    ensure!(served.len() as i64 == head, "{} events are served, the head is {head}", served.len());
    let mirrored = log::check_mirror(&url, &served).await?;
    let both_wrote = positions.iter().all(|positions| !positions.is_empty());
    Ok(Report { events: served.len(), mirrored, both_wrote, writing })
}

/// Sends until nothing is left; gives the positions that were answered.
async fn write(client: Client, mut rng: Rng, left: Arc<AtomicUsize>) -> Result<(String, Vec<i64>)> {
    let mut positions = Vec::new();
    for call in 0.. {
        let count = if call % 4 == 3 { BATCH } else { 1 };
        let taken = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            (left > 0).then_some(left.saturating_sub(count))
        });
        if taken.is_err() {
            break;
        }
        let key = |n: usize| format!("{}:{call}:{n}", client.user());
        if count == 1 {
            let group = format!("c{}", rng.below(GROUPS));
            let answer = client.send(&group, &key(0), "hello").await;
            answer.expect(201);
            positions.push(answer.position());
            continue;
        }
        let lines: Vec<String> = (0..count)
            .map(|n| {
                let group = format!("c{}", rng.below(GROUPS));
                json!({ "op": "send", "conversation_id": group, "client_message_id": key(n), "type": "text",
                    "body": { "text": "hello" } })
                .to_string()
            })
            .collect();
        let request = client.request(&Method::POST, "/v1/batch").body("application/x-ndjson", lines.join("\n"));
        let answer = request.send().await;
        ensure!(answer.status == 200, "{answer}");
        for line in String::from_utf8_lossy(&answer.body).lines() {
            let line: Value = serde_json::from_str(line)?;
            ensure!(line["status"] == 201, "{line}");
            positions.push(line["position"].as_i64().context("no position")?);
        }
    }
    Ok((client.user().to_owned(), positions))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = self.events as f64 / self.writing.as_secs_f64();
        write!(
            f,
            "{} events by {WRITERS} writers in {SERVICES} services in {:.1} s ({rate:.0}/s): \
             positions without a gap, {} compared with the stream",
            self.events,
            self.writing.as_secs_f64(),
            self.mirrored
        )
    }
}
