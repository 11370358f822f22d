//! One device of one user: it connects, listens, acknowledges, breaks off and comes back, here or there.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::journal::{Collected, Connection, Frame, Journal, now};
use super::stream::{Asked, Heard, Start, Stream};
use crate::client::Client;
use crate::seed::Rng;
use crate::token;

/// Between two attempts to connect.
const RETRY: Duration = Duration::from_millis(100);

/// The longest time for which a device does not read, in milliseconds. A little longer, and the server would
/// close the connection instead of giving up its place.
const LONGEST_STALL: i64 = 28_000;

/// No position yet.
const NONE: i64 = -1;

/// What everybody is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Everything happens.
    Running,
    /// Nobody does anything any more; devices stay until they have everything.
    Settling,
    /// Over.
    Over,
}

/// How a device behaves.
#[derive(Debug, Clone, Copy)]
pub struct Habits {
    /// Server-sent events instead of a WebSocket.
    pub events: bool,
    /// It tells its name, so what it does not acknowledge comes again.
    pub named: bool,
    /// After so many of a thousand entries it acknowledges.
    pub acks: usize,
    /// It now and then does not read for a while.
    pub slow: bool,
    /// It begins at 0, else at the present.
    pub from_zero: bool,
    /// A connection's longest life, in milliseconds.
    pub life: i64,
}

/// What happened to all devices, in numbers.
#[derive(Debug, Default)]
pub struct Counts {
    /// Connections that were opened.
    pub opened: AtomicUsize,
    /// Of those, left open while the device opened another one.
    pub doubled: AtomicUsize,
    /// Entries that came.
    pub entries: AtomicUsize,
    /// How often a connection went back to what was not acknowledged.
    pub repushes: AtomicUsize,
    /// Connections that ended because the device had connected again.
    pub replaced: AtomicUsize,
    /// Connections that broke.
    pub broken: AtomicUsize,
    /// How often a device did not read for a while.
    pub stalls: AtomicUsize,
}

impl Counts {
    fn one(count: &AtomicUsize) {
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// See the module. Cheap to clone: its connections share it.
#[derive(Clone)]
pub struct Device {
    /// Whose.
    pub client: Client,
    /// Its name.
    pub name: String,
    /// Where queries are answered.
    pub addresses: Arc<Vec<String>>,
    /// How it behaves.
    pub habits: Habits,
    /// What everybody is at.
    pub phase: watch::Receiver<Phase>,
    /// Everything up to here has come: where it goes on.
    pub cursor: Arc<AtomicI64>,
    /// What all devices do.
    pub counts: Arc<Counts>,
    /// Where it began.
    began: Arc<AtomicI64>,
}

/// What a connection does of itself.
struct Plan {
    ends: Option<Instant>,
    rng: Rng,
}

impl Device {
    /// A device that has nothing yet.
    pub fn new(
        client: Client,
        name: String,
        addresses: Arc<Vec<String>>,
        habits: Habits,
        phase: watch::Receiver<Phase>,
        counts: Arc<Counts>,
    ) -> Self {
        let start = if habits.from_zero { 0 } else { NONE };
        Self {
            client,
            name,
            addresses,
            habits,
            phase,
            cursor: Arc::new(start.into()),
            counts,
            began: Arc::new(start.into()),
        }
    }

    /// Lives until everything is over; gives what it has collected.
    pub async fn live(mut self, mut rng: Rng) -> Result<Journal> {
        let token = token::user(self.client.user());
        let mut ended: Vec<(usize, Connection)> = Vec::new();
        let mut open: JoinSet<Result<(usize, Connection)>> = JoinSet::new();
        let mut recorded: Option<i64> = None;
        for number in 0.. {
            let Some((stream, connection)) = self.connect(&token, recorded, &mut rng).await? else {
                break;
            };
            let plan = Plan {
                ends: self.is_running().then(|| {
                    let life = rng.between(self.habits.life / 20, self.habits.life);
                    Instant::now() + Duration::from_millis(life as u64)
                }),
                rng: rng.fork(),
            };
            let device = self.clone();
            // Whoever has nothing yet begins at the present, and that once.
            let has_begun = self.cursor.load(Ordering::SeqCst) != NONE;
            if self.is_running() && has_begun && rng.chance(25) {
                // This one stays open while the next one is opened.
                Counts::one(&self.counts.doubled);
                open.spawn(async move {
                    let connection = device.listen(stream, connection, plan).await?;
                    Ok((number, connection))
                });
                self.wait(rng.between(10, self.habits.life / 4)).await;
            } else {
                ended.push((number, device.listen(stream, connection, plan).await?));
            }
            if recorded.is_none() && self.habits.named {
                recorded = self.record().await;
            }
        }
        while let Some(shadow) = open.join_next().await {
            ended.push(shadow.context("a connection")??);
        }
        ended.sort_by_key(|(number, _)| *number);
        Ok(Journal {
            user: self.client.user().to_owned(),
            device: self.name,
            began: Some(self.began.load(Ordering::SeqCst)).filter(|began| *began != NONE),
            connections: ended
                .into_iter()
                .map(|(_, connection)| connection)
                .collect(),
        })
    }

    /// Opens a connection, here or there, with an own cursor or with the device's. `None` when it is over.
    async fn connect(
        &mut self,
        token: &str,
        recorded: Option<i64>,
        rng: &mut Rng,
    ) -> Result<Option<(Stream, Connection)>> {
        while *self.phase.borrow() != Phase::Over {
            let cursor = self.cursor.load(Ordering::SeqCst);
            let (start, after) = match recorded {
                Some(recorded) if rng.chance(50) => (Start::Told, recorded),
                _ if cursor == NONE => (Start::Told, 0),
                _ => (Start::After(cursor), cursor),
            };
            let address: &String = rng.pick(&self.addresses);
            let asked = Asked {
                address,
                token,
                device: self.habits.named.then_some(self.name.as_str()),
                start,
                events: self.habits.events,
                narrow: self.habits.slow,
            };
            let opened = now();
            if let Some(stream) = Stream::open(&asked).await? {
                Counts::one(&self.counts.opened);
                let connection = Connection {
                    opened,
                    after,
                    named: self.habits.named,
                    ..Connection::default()
                };
                return Ok(Some((stream, connection)));
            }
            sleep(RETRY).await;
        }
        Ok(None)
    }

    /// Listens for as long as the connection lasts.
    async fn listen(
        mut self,
        mut stream: Stream,
        mut connection: Connection,
        mut plan: Plan,
    ) -> Result<Connection> {
        while *self.phase.borrow() != Phase::Over {
            let heard = tokio::select! {
                heard = stream.hear() => heard?,
                () = until(plan.ends) => break,
                changed = self.phase.changed() => {
                    changed.context("whoever says what everybody is at")?;
                    plan.ends = None;
                    continue;
                }
            };
            match heard {
                Heard::Frame(Frame::Entry(entry), resume) => {
                    let complete = self.arrived(&mut connection, entry, resume);
                    if complete && self.is_running() {
                        self.react(&mut stream, &mut connection, &mut plan.rng)
                            .await?;
                    }
                }
                Heard::Frame(Frame::CaughtUp(cursor), _) => {
                    connection.caught_up = Some((cursor, now()));
                    self.has(cursor, cursor);
                }
                Heard::Frame(Frame::Problem(code), _) => {
                    if !["unavailable", "timeout"].contains(&code.as_str()) {
                        bail!("{}/{}: {code}", self.client.user(), self.name);
                    }
                }
                Heard::Frame(Frame::Aside, _) => {}
                Heard::Closed(code) => {
                    match code {
                        4409 => Counts::one(&self.counts.replaced),
                        0 | 1001 | 1013 => Counts::one(&self.counts.broken),
                        _ => bail!("{}/{}: closed with {code}", self.client.user(), self.name),
                    }
                    break;
                }
            }
        }
        Ok(connection)
    }

    /// Takes an entry in. Whether its position is through: what comes next is later.
    fn arrived(&self, connection: &mut Connection, entry: Collected, resume: Option<i64>) -> bool {
        Counts::one(&self.counts.entries);
        let position = entry.key.position;
        if let Some(last) = connection.entries.last()
            && (position < last.key.position || (position == last.key.position && !last.more))
        {
            Counts::one(&self.counts.repushes);
        }
        // A browser goes on at the last id; a WebSocket's client where no more is promised.
        let complete = if self.habits.events {
            resume.is_some()
        } else {
            !entry.more
        };
        connection.entries.push(entry);
        if complete {
            self.has(position - 1, position);
        } else {
            self.has(position - 1, position - 1);
        }
        complete
    }

    /// Everything up to here has come; if nothing had come before, it has begun after `began`.
    fn has(&self, began: i64, cursor: i64) {
        let first = self
            .began
            .compare_exchange(NONE, began, Ordering::SeqCst, Ordering::SeqCst);
        if first.is_ok() || self.cursor.load(Ordering::SeqCst) != NONE {
            self.cursor.fetch_max(cursor, Ordering::SeqCst);
        }
    }

    /// Acknowledges, or does not read for a while, or neither.
    async fn react(
        &mut self,
        stream: &mut Stream,
        connection: &mut Connection,
        rng: &mut Rng,
    ) -> Result<()> {
        if self.habits.named && rng.below(1_000) < self.habits.acks {
            let highest = connection.entries.iter().rev().find(|entry| !entry.more);
            let highest = highest.map_or(0, |entry| entry.key.position);
            let cursor = highest.max(connection.acked);
            connection.acked = cursor;
            if self.habits.events {
                self.acknowledge(cursor).await?;
            } else {
                stream.ack(cursor).await?;
            }
        }
        if self.habits.slow && rng.below(200) == 0 {
            Counts::one(&self.counts.stalls);
            self.wait(rng.between(500, LONGEST_STALL)).await;
        }
        Ok(())
    }

    /// Acknowledges over HTTP; gives the position of the answer, if there was one.
    async fn acknowledge(&self, cursor: i64) -> Result<Option<i64>> {
        let body = json!({ "device": self.name, "cursor": cursor });
        let request = self
            .client
            .request(&reqwest::Method::POST, "/v1/inbox/ack")
            .json(&body);
        match request.try_send().await {
            Ok(answer) if answer.status == 200 => Ok(Some(answer.position())),
            Ok(answer) if answer.status == 503 => Ok(None),
            Ok(answer) => bail!("{answer}"),
            Err(_) => Ok(None),
        }
    }

    /// Has the device's cursor recorded, so that it may go on without an own one. Gives it once it is
    /// known to be in the read models.
    async fn record(&self) -> Option<i64> {
        let cursor = self.cursor.load(Ordering::SeqCst);
        if cursor <= 0 || !self.is_running() {
            return None;
        }
        let position = self.acknowledge(cursor).await.ok()??;
        let path = format!(
            "/v1/inbox/entries?device={}&limit=1&min_position={position}",
            self.name
        );
        let request = self.client.request(&reqwest::Method::GET, &path);
        let answer = request.try_send().await.ok()?;
        (answer.status == 200).then_some(cursor)
    }

    fn is_running(&self) -> bool {
        *self.phase.borrow() == Phase::Running
    }

    /// For so many milliseconds, or until nobody does anything any more.
    async fn wait(&mut self, milliseconds: i64) {
        let running = self.phase.wait_for(|phase| *phase != Phase::Running);
        let _ = tokio::time::timeout(Duration::from_millis(milliseconds as u64), running).await;
    }
}

async fn until(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}
