//! The watermark: the position of the read model as far as this process knows, and waiting for it
//! to advance.
//!
//! One task per process tracks the position. It listens to the projector's signal (over core NATS,
//! which may lose it) and polls the database while a request is waiting. Waiting requests share one
//! `watch` channel, so a thousand of them cost one statement every few milliseconds.
//!
//! A signal says what the primary has. A process that reads a replica holds signals back until the
//! replica has replayed what they announce.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use connectivity::OutageLog;
use event_stream::mirror::MirrorConfig;
use futures::StreamExt;
use read_model::projection_signal::{ProjectionSignal, ProjectionSignalChannel, projected_subject};
use sqlx::PgPool;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use super::pending_changes::{PendingChanges, merge};
use super::read_history::ReadHistory;
use crate::idle_feeds::IdleFeeds;
use crate::sql::checkpoint;

/// The initial interval between two polls of the database while a request waits. A projection takes
/// a few milliseconds, so polling more often gains nothing.
const MIN_POLL_INTERVAL: Duration = Duration::from_millis(2);

/// The longest interval, and so the longest extra delay of a waiting request when signals are lost.
const MAX_POLL_INTERVAL: Duration = Duration::from_millis(50);

/// How many signals are held back for a replica. If it lags further behind, the newest are merged.
const MAX_HELD_SIGNALS: usize = 10_000;

/// The known position of the read model. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Watermark(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    position: watch::Sender<i64>,
    waiters: AtomicUsize,
    wait_started: Notify,
    timeout: Duration,
}

/// Counts a waiting request until it is dropped, including when the request is cancelled.
struct WaiterGuard<'a>(&'a Inner);

impl Drop for WaiterGuard<'_> {
    fn drop(&mut self) {
        self.0.waiters.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Watermark {
    /// Creates a watermark at position 0. [`Watermark::wait_for`] waits for at most `timeout`.
    pub fn new(timeout: Duration) -> Self {
        Self(Arc::new(Inner {
            position: watch::Sender::new(0),
            waiters: AtomicUsize::new(0),
            wait_started: Notify::new(),
            timeout,
        }))
    }

    /// The last known position.
    pub fn position(&self) -> i64 {
        *self.0.position.borrow()
    }

    /// Returns a channel that yields every change of the position, for long-running followers.
    pub fn subscribe(&self) -> watch::Receiver<i64> {
        self.0.position.subscribe()
    }

    /// Records that the read model has reached this position. A lower position than known is
    /// ignored.
    pub fn observe(&self, position: i64) {
        self.0.position.send_if_modified(|known| {
            let further = position > *known;
            *known = position.max(*known);
            further
        });
    }

    /// Sets a position that is lower than known: the read model was restored from an older copy.
    pub fn reset(&self, position: i64) {
        self.0.position.send_replace(position);
    }

    /// Waits until the read model has reached `position`. After the timeout, returns `Err` with the
    /// position that is known by then.
    pub async fn wait_for(&self, position: i64) -> Result<(), i64> {
        if self.position() >= position {
            return Ok(());
        }
        self.0.waiters.fetch_add(1, Ordering::AcqRel);
        let _guard = WaiterGuard(&self.0);
        self.0.wait_started.notify_one();
        let mut positions = self.0.position.subscribe();
        let wait = positions.wait_for(|known| *known >= position);
        match tokio::time::timeout(self.0.timeout, wait).await {
            Ok(Ok(_)) => Ok(()),
            // The sender lives as long as this handle, so only the timeout can end the wait.
            Ok(Err(_)) | Err(_) => Err(self.position()),
        }
    }

    /// Whether a request is waiting.
    pub fn has_waiters(&self) -> bool {
        self.0.waiters.load(Ordering::Acquire) > 0
    }
}

/// The task that keeps a [`Watermark`] up to date.
pub struct WatermarkTracker {
    watermark: Watermark,
    history: ReadHistory,
    pool: PgPool,
    nats_signals: Option<async_nats::Subscriber>,
    local_signals: Option<broadcast::Receiver<ProjectionSignal>>,
    /// The last position signalled in this process. NATS repeats the signals up to it.
    local_position: i64,
    pending_changes: PendingChanges,
    idle_feeds: Option<IdleFeeds>,
    /// The signals that the replica has not reached; `None` if this process reads the primary.
    held_signals: Option<VecDeque<ProjectionSignal>>,
    poll_interval: Duration,
    outages: OutageLog,
}

impl WatermarkTracker {
    /// Creates the task. Without NATS, or if subscribing fails, it only polls the database.
    /// `local_signal` is the signal of a projector in this process.
    pub async fn new(
        watermark: Watermark,
        history: ReadHistory,
        pool: PgPool,
        nats: Option<&async_nats::Client>,
        mirror: &MirrorConfig,
        local_signal: Option<&ProjectionSignalChannel>,
    ) -> Self {
        let nats_signals = match nats {
            None => None,
            Some(nats) => nats
                .subscribe(projected_subject(&mirror.stream))
                .await
                .inspect_err(|error| tracing::warn!(%error, "Could not subscribe to the projector's signal; waiting requests poll the database."))
                .ok(),
        };
        Self {
            watermark,
            history,
            pool,
            nats_signals,
            local_signals: local_signal.map(ProjectionSignalChannel::subscribe),
            local_position: 0,
            pending_changes: PendingChanges::default(),
            idle_feeds: None,
            held_signals: None,
            poll_interval: MIN_POLL_INTERVAL,
            outages: OutageLog::new("Reading the read model"),
        }
    }

    /// The same for a pool that reads a replica, which can be behind the signals.
    #[must_use]
    pub fn for_replica(mut self) -> Self {
        self.held_signals = Some(VecDeque::new());
        self
    }

    /// Also lets idle feeds learn from the signals.
    pub(crate) fn with_idle_feeds(mut self, idle_feeds: IdleFeeds) -> Self {
        self.idle_feeds = Some(idle_feeds);
        self
    }

    /// Subscribes to the changes that the projector signals. There is one subscriber, the hub: it
    /// takes what has been signalled since the last time.
    pub(crate) fn subscribe_changes(&self) -> PendingChanges {
        self.pending_changes.clone()
    }

    /// Waits for the next event and handles it: a signal, a request that starts to wait, or the
    /// next poll for waiting requests.
    pub async fn step(&mut self) {
        let holds_signals = self
            .held_signals
            .as_ref()
            .is_some_and(|held| !held.is_empty());
        let awaited = holds_signals || self.watermark.has_waiters();
        tokio::select! {
            signal = recv_local_signal(&mut self.local_signals) => match signal {
                Ok(signal) => {
                    self.local_position = signal.position();
                    self.receive(signal);
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => self.local_signals = None,
            },
            message = recv_nats_signal(&mut self.nats_signals) => match message {
                Some(Ok(signal)) if signal.position() > self.local_position => {
                    self.receive(signal);
                }
                // A repeated signal, or an unreadable one.
                Some(Ok(_) | Err(SignalParseError)) => {}
                None => self.nats_signals = None,
            },
            () = self.watermark.0.wait_started.notified() => {
                self.poll_interval = MIN_POLL_INTERVAL;
                self.poll().await;
            }
            () = tokio::time::sleep(self.poll_interval), if awaited => self.poll().await,
        }
    }

    fn receive(&mut self, signal: ProjectionSignal) {
        match &mut self.held_signals {
            None => self.apply(signal),
            Some(held) => {
                if held.is_empty() {
                    self.poll_interval = MIN_POLL_INTERVAL;
                }
                hold(held, signal);
            }
        }
    }

    /// Applies the signals up to a position that the replica has reached.
    fn release_signals(&mut self, position: i64) {
        let Some(held) = &mut self.held_signals else {
            return;
        };
        let reached = held.partition_point(|signal| signal.position() <= position);
        for signal in held.drain(..reached).collect::<Vec<_>>() {
            self.apply(signal);
        }
    }

    fn apply(&self, signal: ProjectionSignal) {
        self.history.observe(signal.cursor);
        if let Some(idle_feeds) = &self.idle_feeds {
            idle_feeds.observe(&signal);
        }
        self.watermark.observe(signal.position());
        self.pending_changes.push(signal);
    }

    async fn poll(&mut self) {
        let before = self.watermark.position();
        let found = checkpoint::read_position(&self.pool).await;
        match self.outages.record(found) {
            Ok(position) if position > before => {
                self.poll_interval = MIN_POLL_INTERVAL;
                self.watermark.observe(position);
                self.release_signals(position);
            }
            Ok(position) => {
                self.release_signals(position);
                self.poll_interval = (self.poll_interval * 2).min(MAX_POLL_INTERVAL);
                if position < before {
                    self.idle_feeds.iter().for_each(IdleFeeds::clear);
                    self.watermark.reset(position);
                    self.local_position = self.local_position.min(position);
                }
            }
            Err(_) => self.poll_interval = MAX_POLL_INTERVAL,
        }
    }
}

/// Adds a signal to those that are held back.
fn hold(held: &mut VecDeque<ProjectionSignal>, signal: ProjectionSignal) {
    let newest = if held.len() < MAX_HELD_SIGNALS {
        None
    } else {
        held.pop_back()
    };
    held.push_back(merge(newest, signal));
}

/// The message is not a signal.
struct SignalParseError;

/// Receives the next signal over NATS; `None` if the subscription has ended. Without a subscription
/// it never returns.
async fn recv_nats_signal(
    subscriber: &mut Option<async_nats::Subscriber>,
) -> Option<Result<ProjectionSignal, SignalParseError>> {
    let Some(subscriber) = subscriber else {
        return std::future::pending().await;
    };
    let message = subscriber.next().await?;
    let text = std::str::from_utf8(&message.payload).ok();
    Some(
        text.and_then(ProjectionSignal::parse)
            .ok_or(SignalParseError),
    )
}

/// Receives the next signal of a projector in this process. Without one it never returns.
async fn recv_local_signal(
    receiver: &mut Option<broadcast::Receiver<ProjectionSignal>>,
) -> Result<ProjectionSignal, RecvError> {
    match receiver {
        Some(receiver) => receiver.recv().await,
        None => std::future::pending().await,
    }
}

/// Runs the task until `shutdown` is cancelled.
pub async fn run(mut tracker: WatermarkTracker, shutdown: CancellationToken) {
    while shutdown.run_until_cancelled(tracker.step()).await.is_some() {}
}
