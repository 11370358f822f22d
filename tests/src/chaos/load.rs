//! Writers and pollers that continue through every fault.

use std::ops::RangeFrom;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use eventually::eventually;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tokio::task::JoinSet;

use crate::client::Client;
use crate::endpoints::SystemEndpoints;
use crate::feed::{MAX_PAGE_SIZE, Poller};
use crate::response::ApiResponse;
use crate::seed::Rng;

/// The number of users who send.
pub const WRITERS: usize = 8;
/// The number of command services. Each has half of the writers.
pub const COMMAND_SERVICES: usize = 2;
/// The number of users who only read.
pub const READERS: usize = 4;
/// The number of conversations. Each has all writers, but only some of the readers.
pub const GROUPS: usize = 6;

/// The page sizes of the pollers, one per reader.
const POLLER_PAGE_SIZES: [usize; READERS] = [1, 2, 50, MAX_PAGE_SIZE];

/// How many of its last sends a writer repeats in a retry storm, and how many at a time.
const STORM_SENDS: usize = 200;
const STORM_CONCURRENCY: usize = 16;

/// How long the outcome of a send may be unknown.
const UNKNOWN_OUTCOME_TIMEOUT: Duration = Duration::from_secs(120);

/// An acknowledged send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AckedSend {
    /// The key, which is also the text.
    pub key: String,
    /// The sender.
    pub sender: String,
    /// The conversation.
    pub conversation: String,
    /// The seq in the response.
    pub seq: i64,
    /// The position in the response.
    pub position: i64,
}

/// The results of a load.
#[derive(Default)]
pub struct LoadOutcome {
    /// Every acknowledged send, in the order of each writer.
    pub acked: Vec<AckedSend>,
    /// Sends whose outcome was unknown at least once.
    pub unknown: usize,
    /// The pollers, with the cursors at which they stopped.
    pub pollers: Vec<Poller>,
}

/// The members of a group.
pub fn members(group: usize) -> Vec<String> {
    let writers = (0..WRITERS).map(|i| format!("writer{i}"));
    let readers = (0..READERS)
        .filter(|i| !(group + i).is_multiple_of(3))
        .map(|i| format!("reader{i}"));
    writers.chain(readers).collect()
}

/// A running load.
pub struct Load {
    stop: Arc<AtomicBool>,
    acked: Arc<AtomicUsize>,
    storms: Arc<Storms>,
    writers: JoinSet<Result<(Vec<AckedSend>, usize)>>,
    pollers: JoinSet<Poller>,
    earlier: LoadOutcome,
}

/// How many retry storms were asked for, and how many the writers have finished altogether.
#[derive(Debug, Default)]
struct Storms {
    wanted: AtomicUsize,
    finished: AtomicUsize,
}

impl Load {
    /// Creates the conversations and starts the writers and pollers.
    pub async fn start(system: &SystemEndpoints, seed: u64) -> Result<Self> {
        for group in 0..GROUPS {
            let members = members(group);
            let others: Vec<&str> = members[1..].iter().map(String::as_str).collect();
            system
                .user(&members[0], 0)
                .create_group(&format!("c{group}"), &others)
                .await
                .expect(201);
        }
        Ok(Self::resume(system, seed, LoadOutcome::default()))
    }

    /// Starts writers after an earlier load, and lets its pollers continue where they stopped. The
    /// outcome of the new load includes that of the earlier one.
    pub fn resume(system: &SystemEndpoints, seed: u64, mut earlier: LoadOutcome) -> Self {
        let mut pollers = std::mem::take(&mut earlier.pollers);
        if pollers.is_empty() {
            let sizes = POLLER_PAGE_SIZES.into_iter().enumerate();
            pollers.extend(sizes.map(|(reader, page)| {
                Poller::new(system.user(&format!("reader{reader}"), 0), page)
            }));
        }
        // No key of the earlier load is used again.
        let first_number = earlier.acked.len();
        let mut load = Self {
            stop: Arc::default(),
            acked: Arc::default(),
            storms: Arc::default(),
            writers: JoinSet::new(),
            pollers: JoinSet::new(),
            earlier,
        };
        let mut rng = Rng::new(seed ^ 0x5eed);
        for writer in 0..WRITERS {
            let client = system.user(&format!("writer{writer}"), writer % COMMAND_SERVICES);
            let numbers = first_number..;
            load.writers.spawn(run_writer(
                client,
                rng.fork(),
                numbers,
                load.stop.clone(),
                load.acked.clone(),
                load.storms.clone(),
            ));
        }
        for poller in pollers {
            load.pollers.spawn(run_poller(poller, load.stop.clone()));
        }
        load
    }

    /// How many sends were acknowledged so far.
    pub fn acked(&self) -> usize {
        self.acked.load(Ordering::Relaxed)
    }

    /// Lets every writer send its last messages again, all at the same time, and waits until each
    /// has got the first responses again.
    pub async fn send_everything_again(&self) {
        let wanted = self.storms.wanted.fetch_add(1, Ordering::Relaxed) + 1;
        eventually("the retries are answered", async || {
            let finished = self.storms.finished.load(Ordering::Relaxed);
            (finished >= wanted * WRITERS).then_some(())
        })
        .await;
    }

    /// Stops writers and pollers after their current call.
    pub async fn stop(mut self) -> Result<LoadOutcome> {
        self.stop.store(true, Ordering::Relaxed);
        let mut done = std::mem::take(&mut self.earlier);
        while let Some(writer) = self.writers.join_next().await {
            let (acked, unknown) = writer.context("a writer failed")??;
            done.acked.extend(acked);
            done.unknown += unknown;
        }
        while let Some(poller) = self.pollers.join_next().await {
            done.pollers.push(poller.context("a poller failed")?);
        }
        Ok(done)
    }
}

async fn run_writer(
    client: Client,
    mut rng: Rng,
    numbers: RangeFrom<usize>,
    stop: Arc<AtomicBool>,
    count: Arc<AtomicUsize>,
    storms: Arc<Storms>,
) -> Result<(Vec<AckedSend>, usize)> {
    let mut acked: Vec<AckedSend> = Vec::new();
    let mut unknown = 0;
    let mut storms_seen = 0;
    for n in numbers {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let conversation = format!("c{}", rng.below(GROUPS));
        let key = format!("{}:{n}", client.user());
        let (answer, doubts) = send_until_certain(&client, &conversation, &key).await?;
        unknown += usize::from(doubts > 0);
        acked.push(acked_send(&client, &conversation, &key, &answer));
        count.fetch_add(1, Ordering::Relaxed);
        if rng.chance(5) {
            // Repeats an old send under its key, which must return the first response.
            repeat_send(&client, rng.pick(&acked)).await?;
        }
        if storms.wanted.load(Ordering::Relaxed) > storms_seen {
            storms_seen += 1;
            let last = acked[acked.len().saturating_sub(STORM_SENDS)..].to_vec();
            let client = &client;
            stream::iter(last)
                .map(|old| async move { repeat_send(client, &old).await })
                .buffer_unordered(STORM_CONCURRENCY)
                .try_collect::<()>()
                .await?;
            storms.finished.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok((acked, unknown))
}

/// Sends a message again under its key. The response must be the first one.
async fn repeat_send(client: &Client, old: &AckedSend) -> Result<()> {
    let (answer, _) = send_until_certain(client, &old.conversation, &old.key).await?;
    ensure!(answer.is_replay(), "{answer} is not marked as a replay");
    let again = acked_send(client, &old.conversation, &old.key, &answer);
    ensure!(again == *old, "got {again:?} for {old:?}");
    Ok(())
}

/// Sends under the same key until the outcome is known. Returns the response and how often the
/// outcome was unknown.
pub(crate) async fn send_until_certain(
    client: &Client,
    conversation: &str,
    key: &str,
) -> Result<(ApiResponse, usize)> {
    let path = format!("/v1/conversations/{conversation}/messages");
    let body =
        serde_json::json!({ "client_message_id": key, "type": "text", "body": { "text": key } });
    let start = Instant::now();
    for doubts in 0.. {
        let request = client.request(&reqwest::Method::POST, &path).json(&body);
        match request.try_send().await {
            Ok(answer) if answer.status == 503 => {
                ensure!(
                    !answer.header("retry-after").is_empty(),
                    "{answer} has no Retry-After"
                );
            }
            Ok(answer) => {
                ensure!(matches!(answer.status, 200 | 201), "{answer}");
                ensure!(
                    doubts > 0 || answer.status == 201 || answer.is_replay(),
                    "{answer}"
                );
                return Ok((answer, doubts));
            }
            Err(_) => {}
        }
        ensure!(
            start.elapsed() < UNKNOWN_OUTCOME_TIMEOUT,
            "{key} is in doubt for {UNKNOWN_OUTCOME_TIMEOUT:?}"
        );
        eventually::pause(Duration::from_millis(20)).await;
    }
    anyhow::bail!("{key} was never sent")
}

fn acked_send(client: &Client, conversation: &str, key: &str, answer: &ApiResponse) -> AckedSend {
    AckedSend {
        key: key.to_owned(),
        sender: client.user().to_owned(),
        conversation: conversation.to_owned(),
        seq: answer.number("seq"),
        position: answer.position(),
    }
}

async fn run_poller(mut poller: Poller, stop: Arc<AtomicBool>) -> Poller {
    while !stop.load(Ordering::Relaxed) {
        if !poller.poll_once().await {
            eventually::pause(Duration::from_millis(10)).await;
        }
    }
    poller
}
