//! The watermark: the position of the read model as far as this process knows, and waiting for it
//! to advance.
//!
//! One task per process tracks the position. It listens to the projector's signal (over core NATS,
//! which may lose it) and polls the database while a request is waiting. Waiting requests share one
//! `watch` channel, so a thousand of them cost one statement every few milliseconds.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use event_log::mirror::MirrorConfig;
use event_log::projection_signal::{ProjectionSignal, ProjectionSignalChannel};
use futures::StreamExt;
use sqlx::PgPool;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::live::News;

/// The initial interval between two polls of the database while a request waits. A projection takes
/// a few milliseconds, so polling more often gains nothing.
const EAGER: Duration = Duration::from_millis(2);

/// The longest interval, and so the longest extra delay of a waiting request when signals are lost.
const PATIENT: Duration = Duration::from_millis(50);

/// The known position of the read model. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Watermark(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    known: watch::Sender<i64>,
    waiting: AtomicUsize,
    wanted: Notify,
    patience: Duration,
}

/// Counts a waiting request until it is dropped, including when the request is cancelled.
struct Waiting<'a>(&'a Shared);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Watermark {
    /// Creates a watermark at position 0. [`Watermark::wait_for`] waits for at most `timeout`.
    pub fn new(timeout: Duration) -> Self {
        Self(Arc::new(Shared {
            known: watch::Sender::new(0),
            waiting: AtomicUsize::new(0),
            wanted: Notify::new(),
            patience: timeout,
        }))
    }

    /// The last known position.
    pub fn known(&self) -> i64 {
        *self.0.known.borrow()
    }

    /// Returns a channel that yields every change of the position, for long-running followers.
    pub fn subscribe(&self) -> watch::Receiver<i64> {
        self.0.known.subscribe()
    }

    /// Records that the read model has reached this position. A lower position than known is
    /// ignored.
    pub fn observe(&self, position: i64) {
        self.0.known.send_if_modified(|known| {
            let further = position > *known;
            *known = position.max(*known);
            further
        });
    }

    /// Sets a position that is lower than known: the read model was restored from an older copy.
    pub fn fell_back_to(&self, position: i64) {
        self.0.known.send_replace(position);
    }

    /// Waits until the read model has reached `position`. After the timeout, returns `Err` with the
    /// position that is known by then.
    pub async fn reached(&self, position: i64) -> Result<(), i64> {
        if self.known() >= position {
            return Ok(());
        }
        self.0.waiting.fetch_add(1, Ordering::AcqRel);
        let _guard = Waiting(&self.0);
        self.0.wanted.notify_one();
        let mut positions = self.0.known.subscribe();
        let wait = positions.wait_for(|known| *known >= position);
        match tokio::time::timeout(self.0.patience, wait).await {
            Ok(Ok(_)) => Ok(()),
            // The sender lives as long as this handle, so only the timeout can end the wait.
            Ok(Err(_)) | Err(_) => Err(self.known()),
        }
    }

    /// Whether a request is waiting.
    pub fn is_awaited(&self) -> bool {
        self.0.waiting.load(Ordering::Acquire) > 0
    }
}

/// The task that keeps a [`Watermark`] up to date.
pub struct Lookout {
    watermark: Watermark,
    pool: PgPool,
    bell: Option<async_nats::Subscriber>,
    near_bell: Option<broadcast::Receiver<ProjectionSignal>>,
    /// The last position signalled in this process. NATS repeats the signals up to it.
    heard: i64,
    news: News,
    pause: Duration,
}

impl Lookout {
    /// Creates the task. Without NATS, or if subscribing fails, it only polls the database.
    /// `local_signal` is the signal of a projector in this process. Every signal is passed on to
    /// `pending`.
    pub async fn new(
        watermark: Watermark,
        pending: News,
        pool: PgPool,
        nats: Option<&async_nats::Client>,
        mirror: &MirrorConfig,
        local_signal: Option<&ProjectionSignalChannel>,
    ) -> Self {
        let nats_signals = match nats {
            None => None,
            Some(nats) => nats
                .subscribe(mirror.projected_subject())
                .await
                .inspect_err(|error| tracing::warn!(%error, "Could not subscribe to the projector's signal; waiting requests poll the database."))
                .ok(),
        };
        Self {
            watermark,
            pool,
            bell: nats_signals,
            near_bell: local_signal.map(ProjectionSignalChannel::subscribe),
            heard: 0,
            news: pending,
            pause: EAGER,
        }
    }

    /// Waits for the next event and handles it: a signal, a request that starts to wait, or the
    /// next poll for waiting requests.
    pub async fn step(&mut self) {
        let awaited = self.watermark.is_awaited();
        tokio::select! {
            signal = ring_nearby(&mut self.near_bell) => match signal {
                Ok(signal) => {
                    self.heard = signal.position;
                    self.hear(signal);
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => self.near_bell = None,
            },
            message = ring(&mut self.bell) => match message {
                Some(Ok(signal)) if signal.position > self.heard => self.hear(signal),
                // A repeated signal, or an unreadable one.
                Some(Ok(_) | Err(NoBell)) => {}
                None => self.bell = None,
            },
            () = self.watermark.0.wanted.notified() => {
                self.pause = EAGER;
                self.look().await;
            }
            () = tokio::time::sleep(self.pause), if awaited => self.look().await,
        }
    }

    fn hear(&self, signal: ProjectionSignal) {
        self.watermark.observe(signal.position);
        self.news.heard(signal);
    }

    async fn look(&mut self) {
        let before = self.watermark.known();
        // The checkpoint table has one row.
        let result = sqlx::query_scalar::<_, i64>("SELECT k.position FROM read.checkpoint k")
            .fetch_one(&self.pool)
            .await;
        match result {
            Ok(position) if position > before => {
                self.pause = EAGER;
                self.watermark.observe(position);
            }
            Ok(position) => {
                self.pause = (self.pause * 2).min(PATIENT);
                if position < before {
                    self.watermark.fell_back_to(position);
                    self.heard = self.heard.min(position);
                }
            }
            Err(error) => {
                self.pause = PATIENT;
                tracing::warn!(%error, "Could not read the position of the read model.");
            }
        }
    }
}

/// The message is not a signal.
struct NoBell;

/// Receives the next signal over NATS; `None` if the subscription has ended. Without a subscription
/// it never returns.
async fn ring(
    subscriber: &mut Option<async_nats::Subscriber>,
) -> Option<Result<ProjectionSignal, NoBell>> {
    let Some(subscriber) = subscriber else {
        return std::future::pending().await;
    };
    let message = subscriber.next().await?;
    let text = std::str::from_utf8(&message.payload).ok();
    Some(text.and_then(ProjectionSignal::parse).ok_or(NoBell))
}

/// Receives the next signal of a projector in this process. Without one it never returns.
async fn ring_nearby(
    receiver: &mut Option<broadcast::Receiver<ProjectionSignal>>,
) -> Result<ProjectionSignal, RecvError> {
    match receiver {
        Some(receiver) => receiver.recv().await,
        None => std::future::pending().await,
    }
}

/// Runs the task until `shutdown` is cancelled.
pub async fn run(mut tracker: Lookout, shutdown: CancellationToken) {
    while shutdown.run_until_cancelled(tracker.step()).await.is_some() {}
}
