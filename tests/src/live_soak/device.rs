//! A device of a user. It connects to one of the query APIs, receives, acknowledges, disconnects
//! and reconnects.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::device_log::{ConnectionLog, DeviceLog, LiveFrame, ReceivedEntry, unix_millis};
use super::stream::{LiveStream, StreamEvent, StreamParams, StreamStart};
use crate::client::Client;
use crate::seed::Rng;
use crate::token;

/// The interval between two attempts to connect.
const RETRY_INTERVAL: Duration = Duration::from_millis(100);

/// The longest time for which a device does not read, in milliseconds. After a little longer, the
/// server would close the connection because of missing pongs instead of a full queue.
const MAX_STALL_MS: i64 = 28_000;

/// The device has no position yet.
const NO_POSITION: i64 = -1;

/// The phase of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Users act and processes are killed.
    Running,
    /// Users have stopped; devices stay connected until they have everything.
    Settling,
    /// The run is over.
    Finished,
}

/// How a device behaves.
#[derive(Debug, Clone, Copy)]
pub struct DeviceBehavior {
    /// Whether it uses server-sent events instead of a WebSocket.
    pub server_sent_events: bool,
    /// Whether it sends its name, so that entries it does not acknowledge are redelivered.
    pub sends_name: bool,
    /// How often it acknowledges: after so many of a thousand entries.
    pub ack_rate: usize,
    /// Whether it sometimes stops reading for a while.
    pub stalls: bool,
    /// Whether it starts at position 0 or at the present.
    pub starts_at_zero: bool,
    /// The longest duration of a connection, in milliseconds.
    pub max_connection_ms: i64,
}

/// Counters of all devices.
#[derive(Debug, Default)]
pub struct SoakCounters {
    /// Connections opened.
    pub opened: AtomicUsize,
    /// How many of them stayed open while the device opened another one.
    pub overlapping: AtomicUsize,
    /// Entries received.
    pub entries: AtomicUsize,
    /// How often a connection went back to entries that were not acknowledged.
    pub redeliveries: AtomicUsize,
    /// Connections that the server closed because the device had connected again.
    pub replaced: AtomicUsize,
    /// Connections that broke.
    pub broken: AtomicUsize,
    /// How often a device stopped reading for a while.
    pub stalls: AtomicUsize,
}

impl SoakCounters {
    fn increment(count: &AtomicUsize) {
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// A device. Its connections share it; cheap to clone.
#[derive(Clone)]
pub struct Device {
    /// The client of its user.
    pub client: Client,
    /// Its name.
    pub name: String,
    /// The addresses of the query APIs.
    pub addresses: Arc<Vec<String>>,
    /// How it behaves.
    pub behavior: DeviceBehavior,
    /// The phase of a run.
    pub phase: watch::Receiver<Phase>,
    /// The position up to which it has everything and from which it resumes.
    pub cursor: Arc<AtomicI64>,
    /// The counters of all devices.
    pub counts: Arc<SoakCounters>,
    /// The position after which it started.
    start: Arc<AtomicI64>,
}

/// When a connection ends, and its randomness.
struct ConnectionPlan {
    end: Option<Instant>,
    rng: Rng,
}

impl Device {
    /// A device that has not received anything.
    pub fn new(
        client: Client,
        name: String,
        addresses: Arc<Vec<String>>,
        behavior: DeviceBehavior,
        phase: watch::Receiver<Phase>,
        counts: Arc<SoakCounters>,
    ) -> Self {
        let start = if behavior.starts_at_zero {
            0
        } else {
            NO_POSITION
        };
        Self {
            client,
            name,
            addresses,
            behavior,
            phase,
            cursor: Arc::new(start.into()),
            counts,
            start: Arc::new(start.into()),
        }
    }

    /// Runs until the end of the run and returns everything received.
    pub async fn run(mut self, mut rng: Rng) -> Result<DeviceLog> {
        let token = token::for_user(self.client.user());
        let mut ended: Vec<(usize, ConnectionLog)> = Vec::new();
        let mut open: JoinSet<Result<(usize, ConnectionLog)>> = JoinSet::new();
        let mut recorded: Option<i64> = None;
        for number in 0.. {
            let Some((stream, connection)) = self.connect(&token, recorded, &mut rng).await? else {
                break;
            };
            let plan = ConnectionPlan {
                end: self.is_running().then(|| {
                    let life = rng.between(
                        self.behavior.max_connection_ms / 20,
                        self.behavior.max_connection_ms,
                    );
                    Instant::now() + Duration::from_millis(life as u64)
                }),
                rng: rng.fork(),
            };
            let device = self.clone();
            // A device without a position starts at the present, and must do so only once.
            let has_begun = self.cursor.load(Ordering::SeqCst) != NO_POSITION;
            if self.is_running() && has_begun && rng.chance(25) {
                // This connection stays open while the next one is opened.
                SoakCounters::increment(&self.counts.overlapping);
                open.spawn(async move {
                    let connection = device.listen(stream, connection, plan).await?;
                    Ok((number, connection))
                });
                self.wait_while_running(rng.between(10, self.behavior.max_connection_ms / 4))
                    .await;
            } else {
                ended.push((number, device.listen(stream, connection, plan).await?));
            }
            if recorded.is_none() && self.behavior.sends_name {
                recorded = self.record_cursor().await;
            }
        }
        while let Some(shadow) = open.join_next().await {
            ended.push(shadow.context("a connection failed")??);
        }
        ended.sort_by_key(|(number, _)| *number);
        Ok(DeviceLog {
            user: self.client.user().to_owned(),
            device: self.name,
            start: Some(self.start.load(Ordering::SeqCst)).filter(|began| *began != NO_POSITION),
            connections: ended
                .into_iter()
                .map(|(_, connection)| connection)
                .collect(),
        })
    }

    /// Opens a connection to a random query API, with an explicit cursor or with the recorded one.
    /// Returns `None` at the end of the run.
    async fn connect(
        &mut self,
        token: &str,
        recorded: Option<i64>,
        rng: &mut Rng,
    ) -> Result<Option<(LiveStream, ConnectionLog)>> {
        while *self.phase.borrow() != Phase::Finished {
            let cursor = self.cursor.load(Ordering::SeqCst);
            let (start, after) = match recorded {
                Some(recorded) if rng.chance(50) => (StreamStart::Recorded, recorded),
                _ if cursor == NO_POSITION => (StreamStart::Recorded, 0),
                _ => (StreamStart::After(cursor), cursor),
            };
            let address: &String = rng.pick(&self.addresses);
            let params = StreamParams {
                address,
                token,
                device: self.behavior.sends_name.then_some(self.name.as_str()),
                start,
                server_sent_events: self.behavior.server_sent_events,
                small_buffers: self.behavior.stalls,
            };
            let opened = unix_millis();
            if let Some(stream) = LiveStream::open(&params).await? {
                SoakCounters::increment(&self.counts.opened);
                let connection = ConnectionLog {
                    opened,
                    after,
                    named: self.behavior.sends_name,
                    ..ConnectionLog::default()
                };
                return Ok(Some((stream, connection)));
            }
            eventually::pause(RETRY_INTERVAL).await;
        }
        Ok(None)
    }

    /// Receives until the connection ends.
    async fn listen(
        mut self,
        mut stream: LiveStream,
        mut connection: ConnectionLog,
        mut plan: ConnectionPlan,
    ) -> Result<ConnectionLog> {
        while *self.phase.borrow() != Phase::Finished {
            let event = tokio::select! {
                event = stream.next_event() => event?,
                () = sleep_until_or_forever(plan.end) => break,
                changed = self.phase.changed() => {
                    changed.context("the phase is gone")?;
                    plan.end = None;
                    continue;
                }
            };
            match event {
                StreamEvent::Frame(LiveFrame::Entry(entry), resume) => {
                    let complete = self.receive_entry(&mut connection, entry, resume);
                    if complete && self.is_running() {
                        self.ack_or_stall(&mut stream, &mut connection, &mut plan.rng)
                            .await?;
                    }
                }
                StreamEvent::Frame(LiveFrame::CaughtUp(cursor), _) => {
                    connection.caught_up = Some((cursor, unix_millis()));
                    self.advance_cursor(cursor, cursor);
                }
                StreamEvent::Frame(LiveFrame::Problem(code), _) => {
                    if !["unavailable", "timeout"].contains(&code.as_str()) {
                        bail!("{}/{}: {code}", self.client.user(), self.name);
                    }
                }
                StreamEvent::Frame(LiveFrame::Ephemeral, _) => {}
                StreamEvent::Closed(code) => {
                    match code {
                        4409 => SoakCounters::increment(&self.counts.replaced),
                        0 | 1001 | 1013 => SoakCounters::increment(&self.counts.broken),
                        _ => bail!("{}/{}: closed with {code}", self.client.user(), self.name),
                    }
                    break;
                }
            }
        }
        Ok(connection)
    }

    /// Records an entry. Returns whether its position is complete.
    fn receive_entry(
        &self,
        connection: &mut ConnectionLog,
        entry: ReceivedEntry,
        resume: Option<i64>,
    ) -> bool {
        SoakCounters::increment(&self.counts.entries);
        let position = entry.key.position;
        if let Some(last) = connection.entries.last()
            && (position < last.key.position || (position == last.key.position && !last.more))
        {
            SoakCounters::increment(&self.counts.redeliveries);
        }
        // A browser resumes at the last id, a WebSocket client at the last entry without `more`.
        let complete = if self.behavior.server_sent_events {
            resume.is_some()
        } else {
            !entry.more
        };
        connection.entries.push(entry);
        if complete {
            self.advance_cursor(position - 1, position);
        } else {
            self.advance_cursor(position - 1, position - 1);
        }
        complete
    }

    /// Advances the cursor. If this is the first position, the device has started after `start`.
    fn advance_cursor(&self, began: i64, cursor: i64) {
        let first =
            self.start
                .compare_exchange(NO_POSITION, began, Ordering::SeqCst, Ordering::SeqCst);
        if first.is_ok() || self.cursor.load(Ordering::SeqCst) != NO_POSITION {
            self.cursor.fetch_max(cursor, Ordering::SeqCst);
        }
    }

    /// Acknowledges at random, and stalls at random.
    async fn ack_or_stall(
        &mut self,
        stream: &mut LiveStream,
        connection: &mut ConnectionLog,
        rng: &mut Rng,
    ) -> Result<()> {
        if self.behavior.sends_name && rng.below(1_000) < self.behavior.ack_rate {
            let highest = connection.entries.iter().rev().find(|entry| !entry.more);
            let highest = highest.map_or(0, |entry| entry.key.position);
            let cursor = highest.max(connection.acked);
            connection.acked = cursor;
            if self.behavior.server_sent_events {
                self.send_ack(cursor).await?;
            } else {
                stream.ack(cursor).await?;
            }
        }
        if self.behavior.stalls && rng.below(200) == 0 {
            SoakCounters::increment(&self.counts.stalls);
            self.wait_while_running(rng.between(500, MAX_STALL_MS))
                .await;
        }
        Ok(())
    }

    /// Acknowledges over HTTP. Returns the position in the response, if there was one.
    async fn send_ack(&self, cursor: i64) -> Result<Option<i64>> {
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

    /// Acknowledges the cursor, so that the device can resume without an explicit one. Returns it
    /// once the read models are known to contain it.
    async fn record_cursor(&self) -> Option<i64> {
        let cursor = self.cursor.load(Ordering::SeqCst);
        if cursor <= 0 || !self.is_running() {
            return None;
        }
        let position = self.send_ack(cursor).await.ok()??;
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

    /// Waits for so many milliseconds, or until the users stop.
    async fn wait_while_running(&mut self, milliseconds: i64) {
        let running = self.phase.wait_for(|phase| *phase != Phase::Running);
        let _ = tokio::time::timeout(Duration::from_millis(milliseconds as u64), running).await;
    }
}

async fn sleep_until_or_forever(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}
