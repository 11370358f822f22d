//! Looks up receipts before commands are decided, while clients repeat commands.
//!
//! Keys are nearly always new, so normally they are not looked up: the append finds a repeated one
//! through the unique index of the receipts. But such an append fails with its whole batch, and the
//! commands that were decided on top of it are decided again. After an outage, when many clients
//! repeat what they had sent, that would cost most of the throughput. So once a repeated key has
//! been found, all keys are looked up for a while, all that wait in one statement.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::PgPool;
use tokio::sync::{Notify, oneshot};

use super::receipt::{self, Receipt, ReceiptKey};
use crate::error::LogError;

/// How long keys are looked up after a repeated one was found.
const REPEAT_WINDOW: Duration = Duration::from_secs(60);

/// How many keys one statement looks up.
const MAX_KEYS: usize = 1_000;

type LookupResult = Result<Option<Receipt>, LogError>;

/// The lookups that wait, and whether there is a reason to look up at all.
#[derive(Debug)]
pub(crate) struct ReceiptLookup {
    started: Instant,
    /// Until when keys are looked up, in milliseconds after `started`.
    active_until: AtomicU64,
    waiting: Mutex<Vec<(ReceiptKey, oneshot::Sender<LookupResult>)>>,
    arrived: Notify,
}

impl ReceiptLookup {
    /// Starts the task that looks up. It ends with the last handle.
    pub(crate) fn start(pool: PgPool) -> Arc<Self> {
        let lookup = Arc::new(Self {
            started: Instant::now(),
            active_until: AtomicU64::new(0),
            waiting: Mutex::default(),
            arrived: Notify::new(),
        });
        let task = Arc::downgrade(&lookup);
        tokio::spawn(async move {
            loop {
                let Some(lookup) = task.upgrade() else { return };
                let arrived = lookup.arrived.notified();
                let waited = tokio::time::timeout(REPEAT_WINDOW, arrived).await;
                if waited.is_ok() {
                    lookup.look_up(&pool).await;
                }
            }
        });
        lookup
    }

    /// Records that a client has repeated a command.
    pub(crate) fn record_repeat(&self) {
        let until = self.started.elapsed() + REPEAT_WINDOW;
        let until = u64::try_from(until.as_millis()).unwrap_or(u64::MAX);
        self.active_until.store(until, Ordering::Release);
    }

    fn is_active(&self) -> bool {
        let now = self.started.elapsed().as_millis();
        now < u128::from(self.active_until.load(Ordering::Acquire))
    }

    /// Finds the receipt of a key, if the key has been used and clients currently repeat commands.
    pub(crate) async fn find(&self, key: ReceiptKey) -> LookupResult {
        if !self.is_active() {
            return Ok(None);
        }
        let (reply, found) = oneshot::channel();
        self.lock().push((key, reply));
        self.arrived.notify_one();
        let found = found.await.unwrap_or(Err(LogError::Closed))?;
        if found.is_some() {
            self.record_repeat();
        }
        Ok(found)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(ReceiptKey, oneshot::Sender<LookupResult>)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn look_up(&self, pool: &PgPool) {
        let waiting: Vec<_> = {
            let mut waiting = self.lock();
            let rest = waiting.len().saturating_sub(MAX_KEYS);
            if rest > 0 {
                self.arrived.notify_one();
            }
            waiting.drain(rest..).collect()
        };
        if waiting.is_empty() {
            return;
        }
        let keys: Vec<ReceiptKey> = waiting.iter().map(|(key, _)| *key).collect();
        match receipt::find(pool, &keys).await {
            Ok(found) => {
                for (key, reply) in waiting {
                    let _ = reply.send(Ok(found.get(&key).cloned()));
                }
            }
            Err(error) => {
                for (_, reply) in waiting {
                    let _ = reply.send(Err(error.clone()));
                }
            }
        }
    }
}
