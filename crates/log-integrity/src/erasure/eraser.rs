//! The eraser: redacts events and deletes their copies, in the background.

use std::time::Duration;

use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::{mirror_copies, redaction};
use crate::polling_worker::{self, PollingWorker};
use event_stream::mirror::{MirrorConfig, MirrorError};

/// How often to check for new erasure events.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// Removes erased content, step by step. Several erasers may run concurrently.
pub struct Eraser {
    pool: PgPool,
    nats: async_nats::Client,
    mirror: MirrorConfig,
}

impl Eraser {
    /// An eraser for the log of this database and its mirror.
    pub fn new(pool: PgPool, nats: async_nats::Client, mirror: MirrorConfig) -> Self {
        Self { pool, nats, mirror }
    }
}

impl PollingWorker for Eraser {
    type Error = MirrorError;

    /// Processes the next erasure events, and deletes the copies of redacted events.
    async fn step(&mut self) -> Result<bool, MirrorError> {
        let erased = redaction::redact_next(&self.pool).await?;
        let copies = mirror_copies::delete_next(&self.pool, &self.nats, &self.mirror).await?;
        Ok(erased || copies)
    }
}

/// Runs an eraser until the stop signal.
pub async fn run(eraser: Eraser, shutdown: CancellationToken) {
    polling_worker::run(eraser, POLL_INTERVAL, "Erasing events", shutdown).await;
}
