//! Writers and pollers that go on whatever happens.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::task::JoinSet;

use crate::answer::Answer;
use crate::client::Client;
use crate::feed::{LARGEST, Poller};
use crate::fleet::Fleet;
use crate::seed::Rng;

/// Users who send.
pub const WRITERS: usize = 8;
/// Users who only read.
pub const READERS: usize = 4;
/// Conversations; each has all writers but some readers only.
pub const GROUPS: usize = 6;

/// The page sizes of the readers' pollers.
const PAGES: [usize; READERS] = [1, 2, 50, LARGEST];

/// How long a writer may not know what came of a send.
const DOUBT: Duration = Duration::from_secs(120);

/// An acknowledged send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acked {
    /// Its key, which is its text too.
    pub key: String,
    /// Who sent it.
    pub sender: String,
    /// Where.
    pub conversation: String,
    /// As what.
    pub seq: i64,
    /// At which position.
    pub position: i64,
}

/// What a run left behind.
pub struct Done {
    /// Every send, in each writer's order.
    pub acked: Vec<Acked>,
    /// Sends whose outcome was unknown at least once.
    pub unknown: usize,
    /// The pollers, their cursors where they stopped.
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
    writers: JoinSet<Result<(Vec<Acked>, usize)>>,
    pollers: JoinSet<Poller>,
}

impl Load {
    /// Makes the conversations and starts everybody.
    pub async fn start(fleet: &Fleet, seed: u64) -> Result<Self> {
        for group in 0..GROUPS {
            let members = members(group);
            let others: Vec<&str> = members[1..].iter().map(String::as_str).collect();
            fleet
                .user(&members[0], 0)
                .create_group(&format!("c{group}"), &others)
                .await
                .expect(201);
        }
        let mut load = Self {
            stop: Arc::default(),
            acked: Arc::default(),
            writers: JoinSet::new(),
            pollers: JoinSet::new(),
        };
        let mut rng = Rng::new(seed ^ 0x5eed);
        for writer in 0..WRITERS {
            let client = fleet.user(&format!("writer{writer}"), 0);
            load.writers.spawn(write(
                client,
                rng.fork(),
                load.stop.clone(),
                load.acked.clone(),
            ));
        }
        for (reader, page) in PAGES.into_iter().enumerate() {
            let poller = Poller::new(fleet.user(&format!("reader{reader}"), 0), page);
            load.pollers.spawn(poll(poller, load.stop.clone()));
        }
        Ok(load)
    }

    /// Sends that were acknowledged so far.
    pub fn acked(&self) -> usize {
        self.acked.load(Ordering::Relaxed)
    }

    /// Lets everybody finish what they are at.
    pub async fn stop(mut self) -> Result<Done> {
        self.stop.store(true, Ordering::Relaxed);
        let mut done = Done {
            acked: Vec::new(),
            unknown: 0,
            pollers: Vec::new(),
        };
        while let Some(writer) = self.writers.join_next().await {
            let (acked, unknown) = writer.context("a writer")??;
            done.acked.extend(acked);
            done.unknown += unknown;
        }
        while let Some(poller) = self.pollers.join_next().await {
            done.pollers.push(poller.context("a poller")?);
        }
        Ok(done)
    }
}

async fn write(
    client: Client,
    mut rng: Rng,
    stop: Arc<AtomicBool>,
    count: Arc<AtomicUsize>,
) -> Result<(Vec<Acked>, usize)> {
    let mut acked: Vec<Acked> = Vec::new();
    let mut unknown = 0;
    for n in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let conversation = format!("c{}", rng.below(GROUPS));
        let key = format!("{}:{n}", client.user());
        let (answer, doubts) = certain(&client, &conversation, &key).await?;
        unknown += usize::from(doubts > 0);
        acked.push(taken(&client, &conversation, &key, &answer));
        count.fetch_add(1, Ordering::Relaxed);
        if rng.chance(5) {
            // An old send again, under its key: the first answer again.
            let old = rng.pick(&acked).clone();
            let (answer, _) = certain(&client, &old.conversation, &old.key).await?;
            ensure!(answer.is_replay(), "{answer} is not said to be a replay");
            let again = taken(&client, &old.conversation, &old.key, &answer);
            ensure!(again == old, "{again:?} is answered for {old:?}");
        }
    }
    Ok((acked, unknown))
}

/// Sends until there is a certain answer, always under the same key.
async fn certain(client: &Client, conversation: &str, key: &str) -> Result<(Answer, usize)> {
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
        ensure!(start.elapsed() < DOUBT, "{key} is in doubt for {DOUBT:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    anyhow::bail!("{key} was never sent")
}

fn taken(client: &Client, conversation: &str, key: &str, answer: &Answer) -> Acked {
    Acked {
        key: key.to_owned(),
        sender: client.user().to_owned(),
        conversation: conversation.to_owned(),
        seq: answer.number("seq"),
        position: answer.position(),
    }
}

async fn poll(mut poller: Poller, stop: Arc<AtomicBool>) -> Poller {
    while !stop.load(Ordering::Relaxed) {
        if !poller.step().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    poller
}
