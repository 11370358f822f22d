//! The hub: one task per process that delivers committed entries to the live connections. It
//! follows the position of the read model, reads the new entries of all connected users in one
//! statement per batch, and enqueues them.
//!
//! The projector's signal names the users that a batch affects. The statement is limited to these
//! users, or covers all connected users if they are fewer. Without a signal, or after a lost one,
//! it covers all connected users. A projector in the same process also pushes the entries of most
//! batches; these need no statement. The statement is in `delivery_query`.
//!
//! Each connection has a bounded queue. The hub drops a connection whose queue is full: the
//! connection then pages from its own cursor, as for a backlog, and subscribes again. A slow
//! connection therefore does not affect the others.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use event_log::live_entry::LiveEntry;
use event_log::projection_signal::{ProjectionSignal, ProjectionSignalChannel};
use metrics::{counter, gauge};
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row as _};
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::asked::{Asked, own_connection};
use super::audience::{Audience, Seat};
use super::frame::Frame;
use super::news::{News, since};
use crate::entry::Entry;
use crate::failed::Failed;

/// The capacity of the queue of a connection, in batches.
const QUEUE: usize = 64;

/// Without a signal: how often to poll the position of the read model while users are connected.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How long to wait for the signal of a batch that a poll has found. Waiting is cheaper than a
/// statement for all connected users.
const BELL_WITHIN: Duration = Duration::from_millis(20);

/// The maximum number of positions per batch. If the hub is further behind, all connections page
/// for themselves.
const BATCH: i64 = 20_000;

/// The pause after an error.
const RETRY: Duration = Duration::from_millis(200);

/// The handle of the hub, with which connections subscribe. Cheap to clone.
#[derive(Clone, Default)]
pub struct Hub(Arc<Shared>);

#[derive(Default)]
struct Shared {
    audience: Mutex<Audience>,
    joining: Notify,
    numbers: AtomicU64,
}

/// An item in the queue of a connection.
#[derive(Debug, Clone)]
pub enum Delivery {
    /// From now on everything after this position is delivered, as long as the queue is open.
    Joined(i64),
    /// All entries up to this position.
    Entries(i64, Arc<Vec<Frame>>),
    /// A presence or typing frame.
    Aside(Frame),
}

/// The subscription of a connection. Dropping it unsubscribes.
pub struct Place {
    /// The deliveries. The queue closes when the hub drops the connection.
    pub queue: mpsc::Receiver<Delivery>,
    /// Cancelled when the same device connects again.
    pub replaced: CancellationToken,
    hub: Hub,
    user: String,
    number: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.hub.audience().leave(&self.user, self.number);
    }
}

impl Hub {
    /// Returns a new connection id.
    pub fn number(&self) -> u64 {
        self.0.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Enqueues a frame that may be lost, for all connections of a user or for one of them. Such
    /// frames use at most half of a queue, so that there is always room for entries.
    pub fn whisper(&self, user: &str, connection: Option<u64>, frame: &Frame) {
        self.audience().whisper(user, connection, frame, QUEUE / 2);
    }

    /// Subscribes a connection. It replaces an earlier connection of the same device. If a later
    /// connection of the device is already present, the new one is cancelled instead.
    pub fn join(&self, user: &str, device: Option<&str>, number: u64) -> Place {
        let (sender, queue) = mpsc::channel(QUEUE);
        let replaced = CancellationToken::new();
        let connection = Seat {
            number,
            device: device.map(str::to_owned),
            queue: sender,
            replaced: replaced.clone(),
            has_joined: false,
        };
        self.audience().enter(user, connection);
        self.0.joining.notify_one();
        Place {
            queue,
            replaced,
            hub: self.clone(),
            user: user.to_owned(),
            number,
        }
    }

    fn audience(&self) -> MutexGuard<'_, Audience> {
        self.0
            .audience
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The delivery task of the hub.
pub struct Delivering {
    hub: Hub,
    pool: PgPool,
    news: News,
    near_bell: Option<ProjectionSignalChannel>,
    /// Everything up to this position has been delivered; `None` while no user is connected.
    position: Option<i64>,
    /// The last observed state of the read model.
    seen: Seen,
    /// The number of users in the read model at the last lookup of all unresolved users.
    looked_up: i64,
    look_at: Instant,
}

/// The observed state of the read model.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    position: i64,
    generation: i64,
    users: i64,
}

/// Why the hub wakes up.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Woken {
    Bell,
    Joining,
    Time,
}

impl Delivering {
    /// Creates the task. `pending` holds the signals of the projector, which may be late or lost. A
    /// projector in this process is asked to push entries while users are connected. The hub has a
    /// database connection of its own.
    pub fn new(
        hub: Hub,
        pool: &PgPool,
        pending: News,
        local_signal: Option<ProjectionSignalChannel>,
    ) -> Self {
        Self {
            hub,
            pool: own_connection(pool),
            news: pending,
            near_bell: local_signal,
            position: None,
            seen: Seen::default(),
            looked_up: 0,
            look_at: Instant::now(),
        }
    }

    /// Waits for the next wakeup and delivers new entries.
    pub async fn step(&mut self) -> Result<(), Failed> {
        let is_empty = self.hub.audience().is_empty();
        let wakeup = tokio::select! {
            () = self.news.rung() => Woken::Bell,
            () = self.hub.0.joining.notified() => Woken::Joining,
            () = sleep_until(self.look_at), if !is_empty => Woken::Time,
        };
        let is_empty = self.hub.audience().is_empty();
        if let Some(signal) = &self.near_bell {
            signal.set_entries_requested(!is_empty);
        }
        if is_empty {
            // Without connections there is nothing to deliver and no position to track.
            self.position = None;
            return Ok(());
        }
        let known = match self.position {
            Some(known) if wakeup != Woken::Time => known,
            known => {
                self.look().await?;
                let now = self.seen.position;
                // The read model may have been restored from an older copy.
                known.map_or(now, |known| known.min(now))
            }
        };
        self.position = Some(known);
        let looked_up = self.find_numbers().await?;
        self.welcome(known, &looked_up);
        if wakeup == Woken::Joining {
            return Ok(());
        }
        if wakeup == Woken::Time && self.seen.position > known {
            let _ = timeout(BELL_WITHIN, self.news.rung()).await;
        }
        self.position = Some(self.deliver(known).await?);
        self.look_at = Instant::now() + LOOK_EVERY;
        self.find_numbers().await?;
        Ok(())
    }

    async fn look(&mut self) -> Result<(), Failed> {
        let row = sqlx::query(
            "SELECT k.position AS read_position, k.generation, k.users FROM read.checkpoint k",
        )
        .fetch_one(&self.pool)
        .await?;
        self.see(&row)
    }

    fn see(&mut self, row: &PgRow) -> Result<(), Failed> {
        let before = self.seen.generation;
        self.seen = Seen {
            position: row.try_get("read_position")?,
            generation: row.try_get("generation")?,
            users: row.try_get("users")?,
        };
        if before != self.seen.generation {
            // A rebuilt read model may have assigned other user ids.
            self.hub.audience().forget_numbers();
            self.looked_up = 0;
        }
        Ok(())
    }

    /// Looks up the ids of unresolved users: of those with new connections, and of all when the
    /// read model has new users. Returns the users that were looked up.
    async fn find_numbers(&mut self) -> Result<HashSet<Arc<str>>, Failed> {
        let has_more = self.seen.users != self.looked_up;
        let unknown = self.hub.audience().unknown(has_more);
        if !unknown.is_empty() {
            let names: Vec<&str> = unknown.iter().map(AsRef::as_ref).collect();
            let rows: Vec<(String, i64)> =
                sqlx::query_as("SELECT u.name, u.id FROM read.users u WHERE u.name = ANY($1)")
                    .bind(&names)
                    .fetch_all(&self.pool)
                    .await?;
            let mut connections = self.hub.audience();
            for (name, number) in rows {
                connections.number(&name, number);
            }
        }
        self.looked_up = self.seen.users;
        Ok(unknown)
    }

    fn welcome(&self, position: i64, looked_up: &HashSet<Arc<str>>) {
        let mut connections = self.hub.audience();
        connections.welcome(position, looked_up);
        gauge!("tidings_live_connections").set(connections.connections() as f64);
    }

    /// Delivers the entries after a position. Returns the position up to which they were delivered.
    async fn deliver(&mut self, from: i64) -> Result<i64, Failed> {
        let signal = self.news.take();
        let signalled = signal.as_ref().map_or(0, |signal| signal.position);
        let now = self.seen.position.max(signalled);
        if now <= from {
            return Ok(from);
        }
        let touched = since(signal, from, self.seen.generation).filter(|touched| touched.to > from);
        if let Some(touched) = touched.as_ref().filter(|touched| touched.is_empty()) {
            return Ok(touched.to);
        }
        if let Some((entries, to)) = touched
            .as_ref()
            .and_then(|touched| Some((touched.entries.as_ref()?, touched.to)))
        {
            self.hand_out_told(entries, from, to)?;
            return Ok(to);
        }
        if now - from > BATCH {
            self.hub.audience().give_up_all();
            self.look().await?;
            return Ok(self.seen.position);
        }
        let up_to = touched.as_ref().map_or(now, |touched| touched.to);
        let query = Asked::of(&self.hub.audience(), touched.as_ref(), from);
        let generation = self.seen.generation;
        let rows = query.deliveries(&self.pool).await?;
        if query.until < up_to {
            self.news.put_back(ProjectionSignal {
                position: up_to,
                audience: touched,
            });
        }
        self.see(rows.first().ok_or(sqlx::Error::RowNotFound)?)?;
        if generation == self.seen.generation {
            let to = self.seen.position.min(query.until);
            self.hand_out(&rows, to)?;
            return Ok(to);
        }
        // The user ids of the statement are outdated, and all connections have been dropped.
        Ok(self.seen.position)
    }

    /// Delivers entries that the projector has pushed.
    fn hand_out_told(&self, entries: &[Arc<LiveEntry>], from: i64, to: i64) -> Result<(), Failed> {
        counter!("tidings_live_batches_total", "asked" => "nobody").increment(1);
        let entries = entries.iter().filter(|entry| entry.position > from);
        let deliveries: Vec<(&LiveEntry, Vec<i64>)> = {
            let connections = self.hub.audience();
            let deliveries =
                entries.map(|entry| (entry.as_ref(), connections.among(&entry.recipients)));
            deliveries.filter(|(_, users)| !users.is_empty()).collect()
        };
        let mut frames: HashMap<i64, Vec<Frame>> = HashMap::new();
        for (entry, users) in deliveries {
            let frame = Frame::entry(&Entry::told(entry)?)?;
            for user in users {
                frames.entry(user).or_default().push(frame.clone());
            }
        }
        self.hand(frames, to);
        Ok(())
    }

    fn hand_out(&self, rows: &[PgRow], to: i64) -> Result<(), Failed> {
        let mut frames: HashMap<i64, Vec<Frame>> = HashMap::new();
        for row in rows {
            let Some(entry) = Entry::from_row(row)? else {
                continue;
            };
            let frame = Frame::entry(&entry)?;
            let recipients: Vec<i64> = row.try_get("recipients")?;
            for user in recipients {
                frames.entry(user).or_default().push(frame.clone());
            }
        }
        self.hand(frames, to);
        Ok(())
    }

    fn hand(&self, frames: HashMap<i64, Vec<Frame>>, to: i64) {
        let mut connections = self.hub.audience();
        for (number, frames) in frames {
            connections.hand(number, to, frames);
        }
    }
}

/// Runs the task until `shutdown` is cancelled.
pub async fn run(mut deliverer: Delivering, shutdown: CancellationToken) {
    loop {
        let result = shutdown.run_until_cancelled(deliverer.step()).await;
        match result {
            None => return,
            Some(Ok(())) => {}
            Some(Err(error)) => {
                tracing::warn!(%error, "Live delivery failed and will be retried.");
                let waiting = shutdown.run_until_cancelled(sleep(RETRY));
                if waiting.await.is_none() {
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_connection_of_a_device_wins() {
        let hub = Hub::default();
        let first = hub.join("ann", Some("phone"), 1);
        let tablet = hub.join("ann", Some("tablet"), 2);
        let unnamed = hub.join("ann", None, 3);
        let second = hub.join("ann", Some("phone"), 4);
        assert!(first.replaced.is_cancelled());
        // The hub had dropped the first one, which subscribes again late.
        drop(first);
        let late = hub.join("ann", Some("phone"), 1);
        assert!(late.replaced.is_cancelled());
        drop(late);
        for subscription in [&tablet, &unnamed, &second] {
            assert!(!subscription.replaced.is_cancelled());
        }
        assert_eq!(hub.audience().connections(), 3);
    }
}
