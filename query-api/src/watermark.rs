//! How far the read model is, as far as this process knows, and waiting for it to get further.
//!
//! One task per process learns the position: from the projector's bell (core NATS, may be lost) and,
//! while somebody waits, from the database. Those who wait stand on a `watch` channel, so a thousand
//! of them cost one statement every few milliseconds.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use event_log::bell::{Bell, NearBell};
use event_log::mirror::MirrorConfig;
use futures::StreamExt;
use sqlx::PgPool;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::live::News;

/// The first pause between two looks at the database while somebody waits. A projection takes a few
/// milliseconds, so looking more often gains nothing.
const EAGER: Duration = Duration::from_millis(2);

/// The longest pause: what a wait costs at most beyond the projection itself when bells are lost.
const PATIENT: Duration = Duration::from_millis(50);

/// What is known of the read model's position. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Watermark(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    known: watch::Sender<i64>,
    waiting: AtomicUsize,
    wanted: Notify,
    patience: Duration,
}

/// Counts a waiter for as long as it lives, also when its request is dropped.
struct Waiting<'a>(&'a Shared);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Watermark {
    /// Knows nothing yet. `patience` is how long [`Watermark::reached`] waits at most.
    pub fn new(patience: Duration) -> Self {
        Self(Arc::new(Shared {
            known: watch::Sender::new(0),
            waiting: AtomicUsize::new(0),
            wanted: Notify::new(),
            patience,
        }))
    }

    /// The last position heard of.
    pub fn known(&self) -> i64 {
        *self.0.known.borrow()
    }

    /// A channel that tells every change of the position: for those who follow it for long.
    pub fn subscribe(&self) -> watch::Receiver<i64> {
        self.0.known.subscribe()
    }

    /// Somebody saw the read model at this position.
    pub fn observe(&self, position: i64) {
        self.0.known.send_if_modified(|known| {
            let further = position > *known;
            *known = position.max(*known);
            further
        });
    }

    /// Somebody saw the read model behind what was known: it was restored from an older copy.
    pub fn fell_back_to(&self, position: i64) {
        self.0.known.send_replace(position);
    }

    /// Waits until the read model has reached `position`. `Err` with what is known if it has not
    /// within the patience.
    pub async fn reached(&self, position: i64) -> Result<(), i64> {
        if self.known() >= position {
            return Ok(());
        }
        self.0.waiting.fetch_add(1, Ordering::AcqRel);
        let _waiting = Waiting(&self.0);
        self.0.wanted.notify_one();
        let mut heard = self.0.known.subscribe();
        let wait = heard.wait_for(|known| *known >= position);
        match tokio::time::timeout(self.0.patience, wait).await {
            Ok(Ok(_)) => Ok(()),
            // The sender lives as long as this handle, so only time can run out.
            Ok(Err(_)) | Err(_) => Err(self.known()),
        }
    }

    /// Whether somebody waits.
    pub fn is_awaited(&self) -> bool {
        self.0.waiting.load(Ordering::Acquire) > 0
    }
}

/// The task that keeps a [`Watermark`].
pub struct Lookout {
    watermark: Watermark,
    pool: PgPool,
    bell: Option<async_nats::Subscriber>,
    near_bell: Option<broadcast::Receiver<Bell>>,
    /// The last bell from nearby: what comes over NATS up to there is the same again.
    heard: i64,
    news: News,
    pause: Duration,
}

impl Lookout {
    /// Without NATS, or when it cannot be asked, the database alone is looked at. `near_bell` is that of a
    /// projector in this process. `news` is told of every bell.
    pub async fn new(
        watermark: Watermark,
        news: News,
        pool: PgPool,
        nats: Option<&async_nats::Client>,
        mirror: &MirrorConfig,
        near_bell: Option<&NearBell>,
    ) -> Self {
        let bell = match nats {
            None => None,
            Some(nats) => nats
                .subscribe(mirror.projected_bell())
                .await
                .inspect_err(|error| tracing::warn!(%error, "no bell: waits look at the database"))
                .ok(),
        };
        Self {
            watermark,
            pool,
            bell,
            near_bell: near_bell.map(NearBell::hear),
            heard: 0,
            news,
            pause: EAGER,
        }
    }

    /// Waits for the next thing that happens and takes it in: a bell, somebody who begins to wait,
    /// or the time to look again for those who do.
    pub async fn step(&mut self) {
        let awaited = self.watermark.is_awaited();
        tokio::select! {
            rung = ring_nearby(&mut self.near_bell) => match rung {
                Ok(bell) => {
                    self.heard = bell.position;
                    self.hear(bell);
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => self.near_bell = None,
            },
            message = ring(&mut self.bell) => match message {
                Some(Ok(bell)) if bell.position > self.heard => self.hear(bell),
                // The same again, or none.
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

    fn hear(&self, bell: Bell) {
        self.watermark.observe(bell.position);
        self.news.heard(bell);
    }

    async fn look(&mut self) {
        let before = self.watermark.known();
        // The checkpoint has one row; its position only.
        let seen = sqlx::query_scalar::<_, i64>("SELECT k.position FROM read.checkpoint k")
            .fetch_one(&self.pool)
            .await;
        match seen {
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
                tracing::warn!(%error, "the read model's position cannot be read");
            }
        }
    }
}

/// A message that tells nothing.
struct NoBell;

/// What the bell tells next; `None` if it is gone. Without a bell, never.
async fn ring(bell: &mut Option<async_nats::Subscriber>) -> Option<Result<Bell, NoBell>> {
    let Some(bell) = bell else {
        return std::future::pending().await;
    };
    let message = bell.next().await?;
    let text = std::str::from_utf8(&message.payload).ok();
    Some(text.and_then(Bell::parse).ok_or(NoBell))
}

/// The same of a projector in this process.
async fn ring_nearby(bell: &mut Option<broadcast::Receiver<Bell>>) -> Result<Bell, RecvError> {
    match bell {
        Some(bell) => bell.recv().await,
        None => std::future::pending().await,
    }
}

/// Keeps the watermark until the stop signal.
pub async fn run(mut lookout: Lookout, shutdown: CancellationToken) {
    while shutdown.run_until_cancelled(lookout.step()).await.is_some() {}
}
