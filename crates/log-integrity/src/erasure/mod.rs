//! Erasure: removes the content that `message_erased` and `title_erased` erase from the events
//! before them.
//!
//! In the order in which it happens:
//!
//! - [`scope`]: finds the messages to erase. Commands then append the erasure events; read models
//!   and the search index process them like any other event.
//! - [`redaction`]: removes the content from the affected events, and their salts from the seals.
//! - [`mirror_copies`]: deletes the copies of the affected events from the stream.
//! - [`files`]: rewrites the files that may still contain erased data, because Postgres keeps the
//!   old versions of changed rows for a while.
//! - [`ledger`]: records which event erased what, and the progress. [`retention`]: the progress of
//!   erasure by age.

pub mod files;
pub mod ledger;
pub mod mirror_copies;
pub mod redaction;
pub mod retention;
pub mod scope;

use std::time::Duration;

use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::polling_worker::{self, PollingWorker};
use event_stream::mirror::{MirrorConfig, MirrorError};

/// How often to check for new erasure events.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// The advisory lock for sealing events and for changing sealed events: "erasure" in ASCII.
pub(crate) const SEALING_LOCK: i64 = 0x0065_7261_7375_7265;

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
    polling_worker::run(eraser, POLL_INTERVAL, "erasure failed; retrying", shutdown).await;
}
