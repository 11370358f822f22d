//! The hub: one task a process. It hears how far the read models are, reads what they have for those who
//! are connected, in one statement a batch, and hands it to them.
//!
//! The bell tells whom a batch concerns: the statement then asks for those, or for everybody who is
//! connected if these are fewer. Without a bell, or after a lost one, it asks for everybody. A projector in the
//! same process tells the entries too, of most batches: then nothing is asked. `asked` has the statement.
//!
//! Each connection has a bounded queue. One that is full is given up by the hub: the connection then pages
//! from its own cursor, as in a backlog, and joins again. So a slow one costs the others nothing.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use event_log::bell::{Bell, NearBell};
use event_log::told::ToldEntry;
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

/// Batches that wait for a connection, at most.
const QUEUE: usize = 64;

/// Without a bell: how often to look how far the read models are while somebody is connected.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A look may see a batch whose bell is still on its way. It costs less to wait for that than to ask
/// for everybody.
const BELL_WITHIN: Duration = Duration::from_millis(20);

/// A hub that is further behind than this has everybody page for themselves.
const BATCH: i64 = 20_000;

/// After an error.
const RETRY: Duration = Duration::from_millis(200);

/// The connections of this process. Cheap to clone.
#[derive(Clone, Default)]
pub struct Hub(Arc<Shared>);

#[derive(Default)]
struct Shared {
    audience: Mutex<Audience>,
    joining: Notify,
    numbers: AtomicU64,
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
        self.hub.audience().leave(&self.user, self.number);
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
        self.audience().whisper(user, connection, frame, QUEUE / 2);
    }

    /// Takes a place. An earlier connection of the same device loses its own; one that comes back for a place
    /// after a later connection has taken one gets none.
    pub fn join(&self, user: &str, device: Option<&str>, number: u64) -> Place {
        let (sender, queue) = mpsc::channel(QUEUE);
        let replaced = CancellationToken::new();
        let seat = Seat {
            number,
            device: device.map(str::to_owned),
            queue: sender,
            replaced: replaced.clone(),
            has_joined: false,
        };
        self.audience().enter(user, seat);
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

/// The task.
pub struct Delivering {
    hub: Hub,
    pool: PgPool,
    news: News,
    near_bell: Option<NearBell>,
    /// Everything up to here has been delivered; `None` while nobody is connected.
    position: Option<i64>,
    /// What the read models were last.
    seen: Seen,
    /// How many users they had when everybody was looked up who was not known.
    looked_up: i64,
    look_at: Instant,
}

/// A look at the read models.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    position: i64,
    generation: i64,
    users: i64,
}

/// Why the hub goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Woken {
    Bell,
    Joining,
    Time,
}

impl Delivering {
    /// `news` is what the bell tells; may be late or lost. A projector in this process is asked for entries while
    /// somebody is connected. The hub reads over a connection of its own.
    pub fn new(hub: Hub, pool: &PgPool, news: News, near_bell: Option<NearBell>) -> Self {
        Self {
            hub,
            pool: own_connection(pool),
            news,
            near_bell,
            position: None,
            seen: Seen::default(),
            looked_up: 0,
            look_at: Instant::now(),
        }
    }

    /// Waits for the next thing that happens, and delivers what there is.
    pub async fn step(&mut self) -> Result<(), Failed> {
        let is_alone = self.hub.audience().is_empty();
        let woken = tokio::select! {
            () = self.news.rung() => Woken::Bell,
            () = self.hub.0.joining.notified() => Woken::Joining,
            () = sleep_until(self.look_at), if !is_alone => Woken::Time,
        };
        let is_alone = self.hub.audience().is_empty();
        if let Some(bell) = &self.near_bell {
            bell.want_entries(!is_alone);
        }
        if is_alone {
            // Nobody is told, so it does not matter what.
            self.position = None;
            return Ok(());
        }
        let known = match self.position {
            Some(known) if woken != Woken::Time => known,
            known => {
                self.look().await?;
                let now = self.seen.position;
                // The read models may have been restored from an older copy.
                known.map_or(now, |known| known.min(now))
            }
        };
        self.position = Some(known);
        let looked_up = self.find_numbers().await?;
        self.welcome(known, &looked_up);
        if woken == Woken::Joining {
            return Ok(());
        }
        if woken == Woken::Time && self.seen.position > known {
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
            // Another build of the read models may have numbered users anew.
            self.hub.audience().forget_numbers();
            self.looked_up = 0;
        }
        Ok(())
    }

    /// Finds the numbers of those who have none: of newcomers, and of all when there are more users. Answers
    /// whom it has looked for.
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
            let mut audience = self.hub.audience();
            for (name, number) in rows {
                audience.number(&name, number);
            }
        }
        self.looked_up = self.seen.users;
        Ok(unknown)
    }

    fn welcome(&self, position: i64, looked_up: &HashSet<Arc<str>>) {
        let mut audience = self.hub.audience();
        audience.welcome(position, looked_up);
        gauge!("tidings_live_connections").set(audience.connections() as f64);
    }

    /// Hands out what is after a position. Answers up to where.
    async fn deliver(&mut self, from: i64) -> Result<i64, Failed> {
        let bell = self.news.take();
        let rung = bell.as_ref().map_or(0, |bell| bell.position);
        let now = self.seen.position.max(rung);
        if now <= from {
            return Ok(from);
        }
        let touched = since(bell, from, self.seen.generation).filter(|it| it.to > from);
        if let Some(touched) = touched.as_ref().filter(|it| it.is_nobody()) {
            return Ok(touched.to);
        }
        if let Some((entries, to)) = touched
            .as_ref()
            .and_then(|it| Some((it.entries.as_ref()?, it.to)))
        {
            self.hand_out_told(entries, from, to)?;
            return Ok(to);
        }
        if now - from > BATCH {
            self.hub.audience().give_up_all();
            self.look().await?;
            return Ok(self.seen.position);
        }
        let up_to = touched.as_ref().map_or(now, |it| it.to);
        let asked = Asked::of(&self.hub.audience(), touched.as_ref(), from);
        let generation = self.seen.generation;
        let rows = asked.deliveries(&self.pool).await?;
        if asked.until < up_to {
            self.news.put_back(Bell {
                position: up_to,
                touched,
            });
        }
        self.see(rows.first().ok_or(sqlx::Error::RowNotFound)?)?;
        if generation == self.seen.generation {
            let to = self.seen.position.min(asked.until);
            self.hand_out(&rows, to)?;
            return Ok(to);
        }
        // Numbers were asked for that mean others now. Everybody has been given up.
        Ok(self.seen.position)
    }

    /// Hands out what the projector has told, as it is.
    fn hand_out_told(&self, entries: &[Arc<ToldEntry>], from: i64, to: i64) -> Result<(), Failed> {
        counter!("tidings_live_batches_total", "asked" => "nobody").increment(1);
        let entries = entries.iter().filter(|entry| entry.position > from);
        let heard: Vec<(&ToldEntry, Vec<i64>)> = {
            let audience = self.hub.audience();
            let heard = entries.map(|entry| (entry.as_ref(), audience.among(&entry.users)));
            heard.filter(|(_, users)| !users.is_empty()).collect()
        };
        let mut frames: HashMap<i64, Vec<Frame>> = HashMap::new();
        for (entry, users) in heard {
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
        let mut audience = self.hub.audience();
        for (number, frames) in frames {
            audience.hand(number, to, frames);
        }
    }
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
    fn the_later_connection_of_a_device_keeps_its_place() {
        let hub = Hub::default();
        let first = hub.join("ann", Some("phone"), 1);
        let tablet = hub.join("ann", Some("tablet"), 2);
        let unnamed = hub.join("ann", None, 3);
        let second = hub.join("ann", Some("phone"), 4);
        assert!(first.replaced.is_cancelled());
        // The hub had given the first one up, and it comes back late.
        drop(first);
        let late = hub.join("ann", Some("phone"), 1);
        assert!(late.replaced.is_cancelled());
        drop(late);
        for place in [&tablet, &unnamed, &second] {
            assert!(!place.replaced.is_cancelled());
        }
        assert_eq!(hub.audience().connections(), 3);
    }
}
