//! The sealer: creates seals by reading the log, independently of appends. Several sealers may run
//! concurrently; the number of a seal is its primary key, so only one of them creates it.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
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
use super::leaf::{self, DIGEST_BYTES, SALT_BYTES};
use super::{GENESIS, Seal, compute_root, store};
use crate::polling_worker::{self, PollingWorker};
use crate::sealing_lock;
use event_log::reader::LogReader;

/// How many events a seal covers at most. That many are sealed without waiting for the interval.
const MAX_SEAL_EVENTS: i64 = 10_000;

/// How often to check for events to seal.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// The configuration of the sealer.
#[derive(Debug, Clone)]
pub struct SealerConfig {
    /// How long an event may remain unsealed.
    pub interval: Duration,
    /// The file to which each seal is also appended, as a line of JSON. On the disk of another
    /// machine, it proves that the seals have not all been recreated.
    pub copy_to: Option<PathBuf>,
}

/// Seals the log of one database.
pub struct Sealer {
    pool: PgPool,
    reader: LogReader,
    key: SealKey,
    config: SealerConfig,
    last_seal: Option<Seal>,
    /// When the sealer first saw unsealed events.
    unsealed_since: Option<Instant>,
}

impl Sealer {
    /// A sealer for the log of this database.
    pub fn new(pool: PgPool, key: SealKey, config: SealerConfig) -> Self {
        let reader = LogReader::new(pool.clone());
        Self {
            pool,
            reader,
            key,
            config,
            last_seal: None,
            unsealed_since: None,
        }
    }

    /// Creates one seal if it is due. Returns whether it was due.
    pub async fn seal_if_due(&mut self) -> Result<bool, sqlx::Error> {
        self.last_seal = store::load_last(&self.pool).await?;
        let sealed_to = self.last_seal.as_ref().map_or(0, |seal| seal.last);
        let head = self.reader.head().await?.position;
        if head <= sealed_to {
            self.unsealed_since = None;
            return Ok(false);
        }
        let since = *self.unsealed_since.get_or_insert_with(Instant::now);
        let is_due = head - sealed_to >= MAX_SEAL_EVENTS || since.elapsed() >= self.config.interval;
        if is_due {
            self.seal_next(sealed_to).await?;
            self.unsealed_since = None;
        }
        Ok(is_due)
    }

    /// Seals the next events, whether or not that is due. Returns whether there were any.
    pub async fn seal_now(&mut self) -> Result<bool, sqlx::Error> {
        self.last_seal = store::load_last(&self.pool).await?;
        let sealed_to = self.last_seal.as_ref().map_or(0, |seal| seal.last);
        self.seal_next(sealed_to).await
    }

    async fn seal_next(&mut self, sealed_to: i64) -> Result<bool, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        sealing_lock::acquire_for_transaction(&mut transaction).await?;
        let events = self.reader.read_after(sealed_to, MAX_SEAL_EVENTS).await?;
        let (Some(first), Some(last)) = (events.first(), events.last()) else {
            return Ok(false);
        };
        let (first, last) = (first.position, last.position);
        let leaves = tokio::task::spawn_blocking(move || compute_leaves(&events)).await;
        let Ok((salts, digests)) = leaves else {
            return Err(sqlx::Error::WorkerCrashed);
        };
        let log_id = self.reader.head().await?.log_id.to_string();
        let mut seal = Seal {
            number: self.last_seal.as_ref().map_or(1, |seal| seal.number + 1),
            first,
            last,
            sealed_at: Timestamp::from(OffsetDateTime::now_utc()),
            previous: self
                .last_seal
                .as_ref()
                .map_or(GENESIS, |seal| seal.hash(&log_id))
                .to_vec(),
            root: compute_root(&digests).to_vec(),
            public_key: self.key.public_key().to_vec(),
            signature: Vec::new(),
            salts,
            digests,
        };
        seal.signature = self.key.sign(&seal.signed_bytes(&log_id)).to_vec();
        if store::insert(&mut transaction, &seal).await? {
            self.append_copy(seal);
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// Appends a seal to the copy file, without its salts: they must disappear with erased content,
    /// and a copy proves the same without them. A failure is only logged, because the database has
    /// the seal.
    fn append_copy(&self, mut seal: Seal) {
        seal.salts.clear();
        let Some(path) = &self.config.copy_to else {
            return;
        };
        let written = serde_json::to_vec(&seal)
            .map_err(io::Error::from)
            .and_then(|mut line| {
                line.push(b'\n');
                let mut options = File::options();
                let mut file = options.create(true).read(true).append(true).open(path)?;
                end_last_line(&mut file)?;
                file.write_all(&line)?;
                file.sync_data()
            });
        if let Err(error) = written {
            tracing::error!(%error, file = %path.display(), seal = seal.number, "failed to copy a seal");
        }
    }
}

/// Ends a line that a power loss has cut short, so that it does not spoil the next one.
fn end_last_line(file: &mut File) -> io::Result<()> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(());
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    if last == *b"\n" {
        return Ok(());
    }
    file.write_all(b"\n")
}

/// Generates a salt for each event and computes the salted digests. This takes milliseconds of CPU
/// time, so it must not run on a thread that serves requests.
fn compute_leaves(events: &[Envelope]) -> (Vec<u8>, Vec<u8>) {
    let mut salts = Vec::with_capacity(events.len() * SALT_BYTES);
    let mut digests = Vec::with_capacity(events.len() * DIGEST_BYTES);
    for event in events {
        let salt = Uuid::new_v4();
        digests.extend(leaf::digest(salt.as_bytes(), event));
        salts.extend(salt.as_bytes());
    }
    (salts, digests)
}

impl PollingWorker for Sealer {
    type Error = sqlx::Error;

    /// Creates one seal if it is due. There may be enough events for another.
    async fn step(&mut self) -> Result<bool, sqlx::Error> {
        self.seal_if_due().await
    }
}

/// Runs a sealer until the stop signal.
pub async fn run(sealer: Sealer, shutdown: CancellationToken) {
    polling_worker::run(sealer, POLL_INTERVAL, "Sealing the log", shutdown).await;
}
