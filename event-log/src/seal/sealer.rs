//! Makes seals, beside the appends: it reads what they have written, and they know nothing of it. Several
//! may run; the number of a seal is its primary key, so one of them makes it.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use domain::envelope::Envelope;
use domain::time::Timestamp;
use sqlx::PgPool;
use sqlx::types::time::OffsetDateTime;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::key::SealKey;
use super::leaf::{self, DIGEST, SALT};
use super::{NOTHING, Seal, root, store};
use crate::erasure::SEALING;
use crate::reader::Reader;
use crate::worker::{self, Worker};

/// Events of a seal, at most: what is sealed as soon as it is there.
const EVENTS: i64 = 10_000;

/// How often to look.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How it works.
#[derive(Debug, Clone)]
pub struct SealerConfig {
    /// How long an event may be without a seal.
    pub every: Duration,
    /// Each seal is also written to this file, as a line of JSON: on another machine's disk it proves that
    /// nobody has made all seals anew.
    pub copy_to: Option<PathBuf>,
}

/// See the module.
pub struct Sealer {
    pool: PgPool,
    reader: Reader,
    key: SealKey,
    config: SealerConfig,
    last: Option<Seal>,
    /// Since when there is something that is not sealed.
    open_since: Option<Instant>,
}

impl Sealer {
    /// Of the log of this database.
    pub fn new(pool: PgPool, key: SealKey, config: SealerConfig) -> Self {
        let reader = Reader::new(pool.clone());
        Self {
            pool,
            reader,
            key,
            config,
            last: None,
            open_since: None,
        }
    }

    /// Makes one seal, if that is due. Answers whether it did.
    pub async fn seal_if_due(&mut self) -> Result<bool, sqlx::Error> {
        self.last = store::last(&self.pool).await?;
        let sealed_to = self.last.as_ref().map_or(0, |seal| seal.last);
        let head = self.reader.head().await?.position;
        if head <= sealed_to {
            self.open_since = None;
            return Ok(false);
        }
        let since = *self.open_since.get_or_insert_with(Instant::now);
        let is_due = head - sealed_to >= EVENTS || since.elapsed() >= self.config.every;
        if is_due {
            self.seal(sealed_to).await?;
            self.open_since = None;
        }
        Ok(is_due)
    }

    /// Seals what follows, whether or not that is due. Answers whether there was something.
    pub async fn seal_now(&mut self) -> Result<bool, sqlx::Error> {
        self.last = store::last(&self.pool).await?;
        let sealed_to = self.last.as_ref().map_or(0, |seal| seal.last);
        self.seal(sealed_to).await
    }

    async fn seal(&mut self, sealed_to: i64) -> Result<bool, sqlx::Error> {
        // An event that is being erased is sealed before that, with a salt that is then erased, or after it.
        let mut alone = self.pool.begin().await?;
        sqlx::query("SELECT pg_advisory_xact_lock($1)")
            .bind(SEALING)
            .execute(&mut *alone)
            .await?;
        let events = self.reader.after(sealed_to, EVENTS).await?;
        let (Some(first), Some(last)) = (events.first(), events.last()) else {
            return Ok(false);
        };
        let (first, last) = (first.position, last.position);
        let leaves = tokio::task::spawn_blocking(move || leaves(&events)).await;
        let Ok((salts, digests)) = leaves else {
            return Err(sqlx::Error::WorkerCrashed);
        };
        let log_id = self.reader.head().await?.log_id.to_string();
        let mut seal = Seal {
            number: self.last.as_ref().map_or(1, |seal| seal.number + 1),
            first,
            last,
            sealed_at: Timestamp::from(OffsetDateTime::now_utc()),
            previous: self
                .last
                .as_ref()
                .map_or(NOTHING, |seal| seal.hash(&log_id))
                .to_vec(),
            root: root(&digests).to_vec(),
            public_key: self.key.public().to_vec(),
            signature: Vec::new(),
            salts,
            digests,
        };
        seal.signature = self.key.sign(&seal.bytes(&log_id)).to_vec();
        if store::keep(&mut alone, &seal).await? {
            self.copy(seal);
        }
        alone.commit().await?;
        Ok(true)
    }

    /// Without the salts, which have to go with what is erased; nothing that a copy proves needs them. What was
    /// not copied is told: the seal itself is in the database.
    fn copy(&self, mut seal: Seal) {
        seal.salts.clear();
        let Some(path) = &self.config.copy_to else {
            return;
        };
        let written = serde_json::to_vec(&seal)
            .map_err(std::io::Error::from)
            .and_then(|mut line| {
                line.push(b'\n');
                let mut file = File::options().create(true).append(true).open(path)?;
                file.write_all(&line)?;
                file.sync_data()
            });
        if let Err(error) = written {
            tracing::error!(%error, file = %path.display(), seal = seal.number, "a seal was not copied");
        }
    }
}

/// A salt for each event, and the digests of both. Milliseconds of computing: not on a thread that serves requests,
/// which would all wait for it.
fn leaves(events: &[Envelope]) -> (Vec<u8>, Vec<u8>) {
    let mut salts = Vec::with_capacity(events.len() * SALT);
    let mut digests = Vec::with_capacity(events.len() * DIGEST);
    for event in events {
        let salt = Uuid::new_v4();
        digests.extend(leaf::digest(salt.as_bytes(), event));
        salts.extend(salt.as_bytes());
    }
    (salts, digests)
}

impl Worker for Sealer {
    type Error = sqlx::Error;

    /// There may be more than one seal's worth.
    async fn step(&mut self) -> Result<bool, sqlx::Error> {
        self.seal_if_due().await
    }
}

/// Seals until the stop signal.
pub async fn run(sealer: Sealer, shutdown: CancellationToken) {
    let trouble = "the log is not sealed for now";
    worker::run(sealer, LOOK_EVERY, trouble, shutdown).await;
}
