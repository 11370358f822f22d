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

use connectivity::OutageLog;
use connectivity::timeout::{EXCHANGE_TIMEOUT, PAGE_TIMEOUT, within};
use domain::deployment::feature::Feature;
use domain::history::{CursorReference, History};
use metrics::{counter, gauge};
use moderation::LiveRulebook;
use read_model::live_entry::LiveEntry;
use read_model::projection_signal::{ProjectionSignal, ProjectionSignalChannel};
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row as _};
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::connections::{LiveConnection, LiveConnections};
use super::delivery::LiveDelivery;
use super::delivery_query::{DeliveryQuery, dedicated_options, open_dedicated_pool};
use super::delivery_spans::DeliverySpans;
use super::frame::ServerFrame;
use crate::consistency::pending_changes::{PendingChanges, affected_since};
use crate::consistency::read_history::ReadHistory;
use crate::error::QueryError;
use crate::sql::entry_view::FeedEntry;
use crate::sql::recipient_part::RecipientPart;
use crate::switches::is_off;

/// The capacity of the queue of a connection, in batches.
const QUEUE_CAPACITY: usize = 64;

/// Without a signal: how often to poll the position of the read model while users are connected.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// How long to wait for the signal of a batch that a poll has found. Waiting is cheaper than a
/// statement for all connected users.
const SIGNAL_TIMEOUT: Duration = Duration::from_millis(20);

/// The maximum number of positions per batch. If the hub is further behind, all connections page
/// for themselves.
const MAX_BATCH_POSITIONS: i64 = 20_000;

/// The pause after an error.
const RETRY_INTERVAL: Duration = Duration::from_millis(200);

/// The handle of the hub, with which connections subscribe. Cheap to clone.
#[derive(Clone, Default)]
pub struct Hub(Arc<Inner>);

#[derive(Default)]
struct Inner {
    connections: Mutex<LiveConnections>,
    subscribed: Notify,
    last_connection_id: AtomicU64,
}

/// The subscription of a connection. Dropping it unsubscribes.
pub struct Subscription {
    /// The deliveries. The queue closes when the hub drops the connection.
    pub queue: mpsc::Receiver<LiveDelivery>,
    /// Cancelled when the same device connects again.
    pub replaced: CancellationToken,
    /// Cancelled when the user removes the device.
    pub removed: CancellationToken,
    hub: Hub,
    user: String,
    connection_id: u64,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.hub
            .connections()
            .remove(&self.user, self.connection_id);
    }
}

impl Hub {
    /// Returns a new connection id.
    pub fn next_connection_id(&self) -> u64 {
        self.0.last_connection_id.fetch_add(1, Ordering::Relaxed)
    }

    /// Enqueues a frame that may be lost, for all connections of a user or for one of them. Such
    /// frames use at most half of a queue, so that there is always room for entries.
    pub fn send_best_effort(&self, user: &str, connection: Option<u64>, frame: &ServerFrame) {
        self.connections()
            .send_best_effort(user, connection, frame, QUEUE_CAPACITY / 2);
    }

    /// Subscribes a connection. It replaces an earlier connection of the same device. If a later
    /// connection of the device is already present, the new one is cancelled instead.
    pub fn subscribe(&self, user: &str, device: Option<&str>, id: u64) -> Subscription {
        let (sender, queue) = mpsc::channel(QUEUE_CAPACITY);
        let (replaced, removed) = (CancellationToken::new(), CancellationToken::new());
        let connection = LiveConnection {
            id,
            device: device.map(str::to_owned),
            queue: sender,
            replaced: replaced.clone(),
            removed: removed.clone(),
            is_subscribed: false,
        };
        self.connections().add(user, connection);
        self.0.subscribed.notify_one();
        Subscription {
            queue,
            replaced,
            removed,
            hub: self.clone(),
            user: user.to_owned(),
            connection_id: id,
        }
    }

    /// Ends the connections of a device that its user has removed.
    pub fn end_device(&self, user: &str, device: &str) {
        self.connections().end_device(user, device);
    }

    fn connections(&self) -> MutexGuard<'_, LiveConnections> {
        self.0
            .connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The delivery task of the hub.
pub struct Deliverer {
    hub: Hub,
    pool: PgPool,
    /// The pool of the other queries.
    queries: PgPool,
    history: ReadHistory,
    pending: PendingChanges,
    local_signal: Option<ProjectionSignalChannel>,
    rulebook: LiveRulebook,
    /// Everything up to this position has been delivered; `None` while no user is connected.
    position: Option<i64>,
    /// The last observed state of the read model.
    read_model: ReadModelStatus,
    /// The number of users in the read model at the last lookup of all unresolved users.
    resolved_users: i64,
    poll_at: Instant,
}

/// The observed state of the read model.
#[derive(Debug, Clone, Copy, Default)]
struct ReadModelStatus {
    position: i64,
    generation: i64,
    users: i64,
}

/// Why the hub wakes up.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wakeup {
    Signal,
    Subscribed,
    Timer,
}

impl Deliverer {
    /// Creates the task. `pending` holds the signals of the projector, which may be late or lost. A
    /// projector in this process is asked to push entries while users are connected. The hub has a
    /// database connection of its own.
    pub fn new(
        hub: Hub,
        pool: &PgPool,
        history: ReadHistory,
        pending: PendingChanges,
        local_signal: Option<ProjectionSignalChannel>,
        rulebook: LiveRulebook,
    ) -> Self {
        Self {
            hub,
            pool: open_dedicated_pool(pool),
            queries: pool.clone(),
            history,
            pending,
            local_signal,
            rulebook,
            position: None,
            read_model: ReadModelStatus::default(),
            resolved_users: 0,
            poll_at: Instant::now(),
        }
    }

    /// After an error: the next connection is with the server that the other queries use by then.
    fn follow_queries(&self) {
        self.pool
            .set_connect_options(dedicated_options(&self.queries));
    }

    /// Waits for the next wakeup and delivers new entries.
    pub async fn step(&mut self) -> Result<(), QueryError> {
        let is_empty = self.hub.connections().is_empty();
        let wakeup = tokio::select! {
            () = self.pending.changed() => Wakeup::Signal,
            () = self.hub.0.subscribed.notified() => Wakeup::Subscribed,
            () = sleep_until(self.poll_at), if !is_empty => Wakeup::Timer,
        };
        let is_empty = self.hub.connections().is_empty();
        if let Some(signal) = &self.local_signal {
            signal.set_entries_requested(!is_empty);
        }
        if is_empty {
            // Without connections there is nothing to deliver and no position to track.
            self.position = None;
            return Ok(());
        }
        let known = match self.position {
            Some(known) if wakeup != Wakeup::Timer => known,
            known => {
                self.poll().await?;
                let now = self.read_model.position;
                // The read model may have been restored from an older copy.
                known.map_or(now, |known| known.min(now))
            }
        };
        self.position = Some(known);
        let looked_up = self.resolve_user_ids().await?;
        self.admit_pending(known, &looked_up);
        if wakeup == Wakeup::Subscribed {
            return Ok(());
        }
        if wakeup == Wakeup::Timer && self.read_model.position > known {
            let _ = timeout(SIGNAL_TIMEOUT, self.pending.changed()).await;
        }
        self.position = Some(self.deliver(known).await?);
        self.poll_at = Instant::now() + POLL_INTERVAL;
        self.resolve_user_ids().await?;
        Ok(())
    }

    async fn poll(&mut self) -> Result<(), QueryError> {
        let row = sqlx::query(
            "SELECT k.position AS read_position, k.generation, k.users FROM read.checkpoint k",
        )
        .fetch_one(&self.pool);
        let row = within(EXCHANGE_TIMEOUT, row).await?;
        self.observe(&row)
    }

    fn observe(&mut self, row: &PgRow) -> Result<(), QueryError> {
        let before = self.read_model.generation;
        self.read_model = ReadModelStatus {
            position: row.try_get("read_position")?,
            generation: row.try_get("generation")?,
            users: row.try_get("users")?,
        };
        if before != self.read_model.generation {
            // A rebuilt read model may have assigned other user ids.
            self.hub.connections().clear_user_ids();
            self.resolved_users = 0;
        }
        Ok(())
    }

    /// Looks up the ids of unresolved users: of those with new connections, and of all when the
    /// read model has new users. Returns the users that were looked up.
    async fn resolve_user_ids(&mut self) -> Result<HashSet<Arc<str>>, QueryError> {
        let has_more = self.read_model.users != self.resolved_users;
        let unknown = self.hub.connections().unresolved(has_more);
        if !unknown.is_empty() {
            let names: Vec<&str> = unknown.iter().map(AsRef::as_ref).collect();
            let rows =
                sqlx::query_as("SELECT u.name, u.id FROM read.users u WHERE u.name = ANY($1)")
                    .bind(&names)
                    .fetch_all(&self.pool);
            let rows: Vec<(String, i64)> = within(PAGE_TIMEOUT, rows).await?;
            let mut connections = self.hub.connections();
            for (name, id) in rows {
                connections.set_user_id(&name, id);
            }
        }
        self.resolved_users = self.read_model.users;
        Ok(unknown)
    }

    fn admit_pending(&self, position: i64, looked_up: &HashSet<Arc<str>>) {
        let mut connections = self.hub.connections();
        connections.admit_pending(position, looked_up);
        gauge!("tidings_live_connections").set(connections.connection_count() as f64);
    }

    /// Delivers the entries after a position. Returns the position up to which they were delivered.
    async fn deliver(&mut self, from: i64) -> Result<i64, QueryError> {
        let signal = self.pending.drain();
        let signalled = signal.as_ref().map_or(0, ProjectionSignal::position);
        let now = self.read_model.position.max(signalled);
        if now <= from {
            return Ok(from);
        }
        let audience = affected_since(signal, from, self.read_model.generation)
            .filter(|audience| audience.to > from);
        if let Some(audience) = audience.as_ref().filter(|audience| audience.is_empty()) {
            return Ok(audience.to);
        }
        let mut spans = DeliverySpans::start(audience.as_ref(), from);
        if let Some((entries, to)) = audience
            .as_ref()
            .and_then(|audience| Some((audience.entries.as_ref()?, audience.to)))
        {
            let delivered = self.deliver_pushed(entries, from, to, &mut spans).await;
            spans.end_with(&delivered);
            return delivered.map(|()| to);
        }
        if now - from > MAX_BATCH_POSITIONS {
            self.hub.connections().drop_all();
            self.poll().await?;
            return Ok(self.read_model.position);
        }
        let up_to = audience.as_ref().map_or(now, |audience| audience.to);
        let query = DeliveryQuery::plan(&self.hub.connections(), audience.as_ref(), from);
        let generation = self.read_model.generation;
        let rows = within(PAGE_TIMEOUT, query.fetch(&self.pool)).await?;
        if query.up_to < up_to {
            self.pending.requeue(ProjectionSignal {
                cursor: CursorReference::bare(up_to),
                audience,
            });
        }
        self.observe(rows.first().ok_or(sqlx::Error::RowNotFound)?)?;
        if generation == self.read_model.generation {
            let to = self.read_model.position.min(query.up_to);
            let delivered = self.deliver_queried(&rows, to, &mut spans).await;
            spans.end_with(&delivered);
            return delivered.map(|()| to);
        }
        // The user ids of the statement are outdated, and all connections have been dropped.
        Ok(self.read_model.position)
    }

    /// Delivers entries that the projector has pushed.
    async fn deliver_pushed(
        &self,
        entries: &[Arc<LiveEntry>],
        from: i64,
        to: i64,
        spans: &mut DeliverySpans,
    ) -> Result<(), QueryError> {
        counter!("tidings_live_batches_total", "asked" => "nobody").increment(1);
        let entries = entries.iter().filter(|entry| entry.position > from);
        let deliveries: Vec<(&LiveEntry, Vec<i64>)> = {
            let connections = self.hub.connections();
            let deliveries =
                entries.map(|entry| (entry.as_ref(), connections.connected_of(&entry.recipients)));
            deliveries.filter(|(_, users)| !users.is_empty()).collect()
        };
        let history = self.history.up_to(to).await?;
        let mut frames: HashMap<i64, Vec<ServerFrame>> = HashMap::new();
        for (entry, users) in deliveries {
            let entry = FeedEntry::from_live_entry(entry)?;
            self.add_frames(&mut frames, &entry, &users, &history)?;
        }
        self.enqueue(frames, to, spans);
        Ok(())
    }

    async fn deliver_queried(
        &self,
        rows: &[PgRow],
        to: i64,
        spans: &mut DeliverySpans,
    ) -> Result<(), QueryError> {
        let history = self.history.up_to(to).await?;
        let mut frames: HashMap<i64, Vec<ServerFrame>> = HashMap::new();
        for row in rows {
            let Some(entry) = FeedEntry::from_row(row)? else {
                continue;
            };
            let recipients: Vec<i64> = row.try_get("recipients")?;
            self.add_frames(&mut frames, &entry, &recipients, &history)?;
        }
        self.enqueue(frames, to, spans);
        Ok(())
    }

    /// Adds an entry to the frames of its recipients: one frame for all of them, except for those
    /// who get something that the others do not.
    fn add_frames(
        &self,
        frames: &mut HashMap<i64, Vec<ServerFrame>>,
        entry: &FeedEntry,
        recipients: &[i64],
        history: &History,
    ) -> Result<(), QueryError> {
        let reader = entry
            .receipt_of()
            .filter(|_| is_off(&self.rulebook, Feature::Receipts));
        // Other devices of the reader still learn of a read mark, which their unread counts need.
        let own: Option<Vec<i64>> = reader.map(|name| {
            let id = self.hub.connections().user_id(&name);
            id.into_iter()
                .filter(|id| recipients.contains(id))
                .collect()
        });
        let recipients = own.as_deref().unwrap_or(recipients);
        let shared = ServerFrame::from_entry(entry, history)?;
        let mut own_frames = Vec::new();
        for name in entry.recipient_part.iter().flat_map(RecipientPart::users) {
            let id = self.hub.connections().user_id(name);
            if let Some((id, own)) = id.zip(entry.for_recipient(name)?) {
                own_frames.push((id, ServerFrame::from_entry(&own, history)?));
            }
        }
        for user in recipients {
            let own = own_frames.iter().find(|(id, _)| id == user);
            let frame = own.map_or(&shared, |(_, frame)| frame);
            frames.entry(*user).or_default().push(frame.clone());
        }
        Ok(())
    }

    fn enqueue(&self, frames: HashMap<i64, Vec<ServerFrame>>, to: i64, spans: &mut DeliverySpans) {
        let mut connections = self.hub.connections();
        for (user, frames) in frames {
            let traced = spans.positions_of(&frames);
            connections.enqueue(user, to, frames, traced.as_ref());
        }
    }
}

/// Runs the task until `shutdown` is cancelled.
pub async fn run(mut deliverer: Deliverer, shutdown: CancellationToken) {
    let outages = OutageLog::new("Live delivery");
    loop {
        let Some(result) = shutdown.run_until_cancelled(deliverer.step()).await else {
            return;
        };
        if outages.record(result).is_ok() {
            continue;
        }
        deliverer.follow_queries();
        let waiting = shutdown.run_until_cancelled(sleep(RETRY_INTERVAL));
        if waiting.await.is_none() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_connection_of_a_device_wins() {
        let hub = Hub::default();
        let first = hub.subscribe("ann", Some("phone"), 1);
        let tablet = hub.subscribe("ann", Some("tablet"), 2);
        let unnamed = hub.subscribe("ann", None, 3);
        let second = hub.subscribe("ann", Some("phone"), 4);
        assert!(first.replaced.is_cancelled());
        // The hub had dropped the first one, which subscribes again late.
        drop(first);
        let late = hub.subscribe("ann", Some("phone"), 1);
        assert!(late.replaced.is_cancelled());
        drop(late);
        for subscription in [&tablet, &unnamed, &second] {
            assert!(!subscription.replaced.is_cancelled());
        }
        assert_eq!(hub.connections().connection_count(), 3);
    }
}
