//! The hub: one task a process. It hears how far the read models are, reads what they have for those who
//! are connected, in one statement a batch, and hands it to them.
//!
//! Each connection has a bounded queue. One that is full is given up by the hub: the connection then pages
//! from its own cursor, as in a backlog, and joins again. So a slow one costs the others nothing.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use metrics::{counter, gauge};
use sqlx::{PgPool, Row as _};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::frame::Frame;
use crate::entry::{Entry, entry_columns, entry_parts};
use crate::failed::Failed;
use crate::visibility::told;

/// Batches that wait for a connection, at most.
const QUEUE: usize = 64;

/// Without a bell: how often to look how far the read models are while somebody is connected.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A hub that is further behind than this has everybody page for themselves.
const BATCH: i64 = 20_000;

/// After an error.
const RETRY: Duration = Duration::from_millis(200);

/// The connections of this process. Cheap to clone.
#[derive(Clone, Default)]
pub struct Hub(Arc<Shared>);

#[derive(Default)]
struct Shared {
    users: Mutex<HashMap<String, User>>,
    joining: Notify,
    numbers: AtomicU64,
}

/// A connected user.
struct User {
    /// The number in the read models; `None` for one whom they do not know yet.
    id: Option<i64>,
    seats: Vec<Seat>,
}

/// A connection, as the hub has it.
struct Seat {
    number: u64,
    device: Option<String>,
    queue: mpsc::Sender<Delivery>,
    replaced: CancellationToken,
    has_joined: bool,
}

/// What the hub hands to a connection.
#[derive(Debug, Clone)]
pub enum Delivery {
    /// Everything after this position will be delivered, for as long as the queue is open.
    Joined(i64),
    /// Entries up to this position.
    Entries(i64, Arc<Vec<Frame>>),
    /// Presence or typing.
    Aside(Frame),
}

/// A connection's place. Given up when dropped.
pub struct Place {
    /// What is delivered. Ends when the hub has given the connection up.
    pub queue: mpsc::Receiver<Delivery>,
    /// The same device has connected again.
    pub replaced: CancellationToken,
    hub: Hub,
    user: String,
    number: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut users = self.hub.users();
        if let Some(user) = users.get_mut(&self.user) {
            user.seats.retain(|seat| seat.number != self.number);
            if user.seats.is_empty() {
                users.remove(&self.user);
            }
        }
    }
}

impl Hub {
    /// A number for a connection.
    pub fn number(&self) -> u64 {
        self.0.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Hands something to a user's connections, or to one of them, that may be lost: it takes no more than
    /// half of a queue, so that entries always find room first.
    pub fn whisper(&self, user: &str, connection: Option<u64>, frame: &Frame) {
        let users = self.users();
        let seats = users.get(user).into_iter().flat_map(|user| &user.seats);
        for seat in seats.filter(|seat| connection.is_none_or(|it| it == seat.number)) {
            if seat.has_joined && seat.queue.capacity() > QUEUE / 2 {
                let _ = seat.queue.try_send(Delivery::Aside(frame.clone()));
            }
        }
    }

    /// Takes a place. An earlier connection of the same device loses its own.
    pub fn join(&self, user: &str, device: Option<&str>, number: u64) -> Place {
        let (sender, queue) = mpsc::channel(QUEUE);
        let replaced = CancellationToken::new();
        let mut users = self.users();
        let seats = &mut users
            .entry(user.to_owned())
            .or_insert_with(|| User {
                id: None,
                seats: Vec::new(),
            })
            .seats;
        if device.is_some() {
            seats.retain(|seat| {
                let is_same = seat.device.as_deref() == device;
                if is_same {
                    seat.replaced.cancel();
                }
                !is_same
            });
        }
        seats.push(Seat {
            number,
            device: device.map(str::to_owned),
            queue: sender,
            replaced: replaced.clone(),
            has_joined: false,
        });
        drop(users);
        self.0.joining.notify_one();
        Place {
            queue,
            replaced,
            hub: self.clone(),
            user: user.to_owned(),
            number,
        }
    }

    fn users(&self) -> MutexGuard<'_, HashMap<String, User>> {
        self.0.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The task.
pub struct Delivering {
    hub: Hub,
    pool: PgPool,
    news: watch::Receiver<i64>,
    /// Everything up to here has been delivered; `None` while nobody is connected.
    position: Option<i64>,
    /// Where the read models were last.
    seen: i64,
}

impl Delivering {
    /// `news` tells how far the read models are; may be late.
    pub fn new(hub: Hub, pool: PgPool, news: watch::Receiver<i64>) -> Self {
        Self {
            hub,
            pool,
            news,
            position: None,
            seen: 0,
        }
    }

    /// Waits for the next thing that happens, and delivers what there is.
    pub async fn step(&mut self) -> Result<(), Failed> {
        let is_alone = self.hub.users().is_empty();
        let has_news = tokio::select! {
            () = self.hub.0.joining.notified() => false,
            news = self.news.changed() => news.is_ok(),
            () = tokio::time::sleep(LOOK_EVERY), if !is_alone => false,
        };
        if self.hub.users().is_empty() {
            // Nobody is told, so it does not matter what.
            self.position = None;
            return Ok(());
        }
        let known = match self.position {
            Some(known) if has_news => known,
            known => {
                let now = self.look().await?;
                // The read models may have been restored from an older copy.
                known.map_or(now, |known| known.min(now))
            }
        };
        let is_new = *self.news.borrow() > known || self.seen > known;
        self.position = Some(known);
        self.welcome(known).await?;
        if has_news || is_new {
            self.position = Some(self.deliver(known).await?);
        }
        Ok(())
    }

    async fn look(&mut self) -> Result<i64, Failed> {
        self.seen = sqlx::query_scalar("SELECT k.position FROM read.checkpoint k")
            .fetch_one(&self.pool)
            .await?;
        Ok(self.seen)
    }

    /// Lets in those who have come, and finds the numbers of those who have none.
    async fn welcome(&mut self, position: i64) -> Result<(), Failed> {
        let unknown: Vec<String> = {
            let users = self.hub.users();
            let unknown = users.iter().filter(|(_, user)| user.id.is_none());
            unknown.map(|(name, _)| name.clone()).collect()
        };
        let mut ids: HashMap<String, i64> = HashMap::new();
        if !unknown.is_empty() {
            let rows: Vec<(String, i64)> =
                sqlx::query_as("SELECT u.name, u.id FROM read.users u WHERE u.name = ANY($1)")
                    .bind(&unknown)
                    .fetch_all(&self.pool)
                    .await?;
            ids.extend(rows);
        }
        let mut count = 0;
        for (name, user) in self.hub.users().iter_mut() {
            if user.id.is_none()
                && let Some(id) = ids.get(name)
            {
                user.id = Some(*id);
                // What made them known may have been passed over: they page for themselves.
                user.seats.retain(|seat| !seat.has_joined);
            }
            for seat in user.seats.iter_mut().filter(|seat| !seat.has_joined) {
                // A queue that has just been made has room.
                seat.has_joined = seat.queue.try_send(Delivery::Joined(position)).is_ok();
            }
            count += user.seats.len();
        }
        gauge!("tidings_live_connections").set(count as f64);
        Ok(())
    }

    /// Hands out what is after a position. Answers up to where.
    async fn deliver(&mut self, from: i64) -> Result<i64, Failed> {
        let now = self.seen.max(*self.news.borrow());
        let ids: HashMap<i64, String> = {
            let users = self.hub.users();
            let known = users
                .iter()
                .filter_map(|(name, user)| Some((user.id?, name.clone())));
            known.collect()
        };
        if ids.is_empty() {
            return self.look().await;
        }
        if now - from > BATCH {
            self.give_up_all();
            return self.look().await;
        }
        let numbers: Vec<i64> = ids.keys().copied().collect();
        let rows = sqlx::query(DELIVERIES)
            .bind(&numbers)
            .bind(from)
            .fetch_all(&self.pool)
            .await?;
        let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
        let to: i64 = first.try_get("read_position")?;
        self.seen = to;
        let mut frames: HashMap<i64, Vec<Frame>> = HashMap::new();
        for row in &rows {
            let Some(entry) = Entry::from_row(row)? else {
                continue;
            };
            let frame = Frame::entry(&entry)?;
            let recipients: Vec<i64> = row.try_get("recipients")?;
            for user in recipients {
                frames.entry(user).or_default().push(frame.clone());
            }
        }
        let mut users = self.hub.users();
        for (id, frames) in frames {
            let Some(user) = ids.get(&id).and_then(|name| users.get_mut(name)) else {
                continue;
            };
            hand(user, to, frames);
        }
        Ok(to)
    }

    fn give_up_all(&mut self) {
        for user in self.hub.users().values_mut() {
            user.seats.retain(|seat| !seat.has_joined);
        }
    }
}

fn hand(user: &mut User, to: i64, frames: Vec<Frame>) {
    counter!("tidings_live_entries_total").increment((frames.len() * user.seats.len()) as u64);
    let frames = Arc::new(frames);
    user.seats.retain(|seat| {
        if !seat.has_joined {
            return true;
        }
        let delivery = Delivery::Entries(to, Arc::clone(&frames));
        match seat.queue.try_send(delivery) {
            Ok(()) => true,
            Err(TrySendError::Full(_) | TrySendError::Closed(_)) => {
                counter!("tidings_live_slow_total").increment(1);
                false
            }
        }
    });
}

/// Delivers until the stop signal.
pub async fn run(mut delivering: Delivering, shutdown: CancellationToken) {
    loop {
        let stepped = shutdown.run_until_cancelled(delivering.step()).await;
        match stepped {
            None => return,
            Some(Ok(())) => {}
            Some(Err(error)) => {
                tracing::warn!(%error, "live delivery waits for the database");
                let waiting = tokio::time::sleep(RETRY);
                if shutdown.run_until_cancelled(waiting).await.is_none() {
                    return;
                }
            }
        }
    }
}

/// What sync would return to these users after a position, each entry once with those who get it. Binds
/// the users and the position. The same rule as the feed of one user: see `sync`.
const DELIVERIES: &str = concat!(
    "WITH told AS MATERIALIZED (
        SELECT i.user_id, i.position, i.conversation, i.seq FROM read.inbox i
        WHERE i.user_id = ANY($1) AND i.position > $2
        UNION ALL
        SELECT s.user_id, x.position, c.id, x.seq
        FROM read.conversations c
        CROSS JOIN LATERAL (
            SELECT g.position, g.seq FROM read.messages g
            WHERE g.conversation = c.id AND NOT g.fanned AND g.position > $2
            UNION ALL
            SELECT t.position, NULL FROM read.timeline t
            WHERE t.conversation = c.id AND NOT t.fanned AND t.position > $2) x
        JOIN read.stays s ON s.conversation = c.id AND s.user_id = ANY($1)
            AND s.from_position <= x.position
            AND (s.to_position IS NULL OR x.position <= s.to_position)
        WHERE c.unfanned > 0 AND c.unfanned > $2
    ), seen AS MATERIALIZED (
        SELECT ",
    entry_parts!(),
    ", array_agg(r.user_id) AS recipients
        FROM told r
        ",
    told!("r.user_id"),
    "
        GROUP BY r.position, r.conversation, c.name, t.type, t.at, t.data, r.seq, t.seq
    )
    SELECT k.position AS read_position, v.recipients,
           ",
    entry_columns!(),
    "
    FROM read.checkpoint k LEFT JOIN seen v ON true
    LEFT JOIN read.messages g ON g.conversation = v.conversation AND g.seq = v.message
    ORDER BY v.position, v.conversation"
);
