//! Erasure: what `message_erased` and `title_erased` say is gone, is taken out of the events before them.
//!
//! In the order in which it happens:
//!
//! - [`scope`]: which messages somebody means. Commands then append the events that say it; read models and
//!   index follow those like any other.
//! - [`content`]: the events before lose their content, and the seals their salts.
//! - [`copy`]: the stream loses its copies of them.
//! - [`files`]: Postgres writes rows anew and leaves the old ones where they were for a while. Everything that
//!   may still be read from a disk is replaced.
//! - [`ledger`]: what was erased by which event, and how far that is. [`retention`]: the same of what is erased
//!   for its age.

pub mod content;
pub mod copy;
pub mod files;
pub mod ledger;
pub mod retention;
pub mod scope;

use std::time::Duration;

use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::mirror::{MirrorConfig, MirrorError};
use crate::worker::{self, Worker};

/// How often to look.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The advisory lock of whoever seals events or changes what was sealed: "erasure" in ASCII.
pub(crate) const SEALING: i64 = 0x0065_7261_7375_7265;

/// Takes content out, a step at a time. Several may run.
pub struct Eraser {
    pool: PgPool,
    nats: async_nats::Client,
    mirror: MirrorConfig,
}

impl Eraser {
    /// Of the log of this database, and its mirror.
    pub fn new(pool: PgPool, nats: async_nats::Client, mirror: MirrorConfig) -> Self {
        Self { pool, nats, mirror }
    }
}

impl Worker for Eraser {
    type Error = MirrorError;

    /// Erases what the next events say, and copies of what was erased.
    async fn step(&mut self) -> Result<bool, MirrorError> {
        let erased = content::take_out(&self.pool).await?;
        let copies = copy::take_out(&self.pool, &self.nats, &self.mirror).await?;
        Ok(erased || copies)
    }
}

/// Erases until the stop signal.
pub async fn run(eraser: Eraser, shutdown: CancellationToken) {
    worker::run(eraser, LOOK_EVERY, "nothing is erased for now", shutdown).await;
}
