//! The handle to the log that the rest of the program uses.

use std::collections::HashMap;
use std::sync::Arc;

use domain::case::Case;
use domain::conversation::Conversation;
use domain::deployment::Deployment;
use domain::desk::Desk;
use domain::file::File;
use domain::history::History;
use domain::mailbox::Mailbox;
use domain::profile::Profile;
use sqlx::{PgConnection, PgPool};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::aggregate::cached_aggregate::CachedAggregate;
use crate::aggregate::snapshot::{self, SnapshotWriter};
use crate::aggregate::store::AggregateStore;
use crate::append::commits::{CommitBroadcaster, CommitReceiver};
use crate::append::committer::Committer;
use crate::append::external_events::ExternalEventSink;
use crate::append::queue::AppendQueue;
use crate::append::receipt::{self, Receipt, ReceiptKey};
use crate::append::receipt_lookup::ReceiptLookup;
use crate::append::request::AppendError;
use crate::append::writer_session::WriterSession;
use crate::error::LogError;
use crate::read::reader::LogReader;

/// The memory of the store of the deployment, in bytes.
const DEPLOYMENT_CACHE_BYTES: u64 = 1024 * 1024;

/// The memory of the store of the cases, in bytes. Few commands concern one.
const CASE_CACHE_BYTES: u64 = 4 * 1024 * 1024;

/// The memory of the store of the files, in bytes. A file is small, and few are used at a time.
const FILE_CACHE_BYTES: u64 = 16 * 1024 * 1024;

/// The memory of the store of the desks, in bytes. There are few, and messages to one need it.
const DESK_CACHE_BYTES: u64 = 4 * 1024 * 1024;

/// The limits of the log.
#[derive(Debug, Clone)]
pub struct LogConfig {
    /// The maximum number of events in one commit. Beyond it, latency grows faster than throughput.
    pub max_batch: usize,
    /// The memory for warm aggregates, in bytes.
    pub cache_bytes: u64,
    /// The snapshot interval: a snapshot is written when an aggregate's sequence passes a multiple
    /// of it.
    pub snapshot_every: i64,
    /// Whether to accept a server with `fsync = off`. For tests only: a power cut loses
    /// acknowledged events.
    pub allow_fsync_off: bool,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            max_batch: 500,
            cache_bytes: 256 * 1024 * 1024,
            snapshot_every: 1_000,
            allow_fsync_off: false,
        }
    }
}

/// The event log. Cheap to clone; all clones share one committer.
#[derive(Clone)]
pub struct EventLog(Arc<Inner>);

struct Inner {
    pool: PgPool,
    queue: Arc<AppendQueue>,
    conversations: Arc<AggregateStore<Conversation>>,
    mailboxes: Arc<AggregateStore<Mailbox>>,
    profiles: Arc<AggregateStore<Profile>>,
    deployments: Arc<AggregateStore<Deployment>>,
    cases: Arc<AggregateStore<Case>>,
    files: Arc<AggregateStore<File>>,
    desks: Arc<AggregateStore<Desk>>,
    commits: CommitBroadcaster,
    history: watch::Receiver<Arc<History>>,
    receipts: Arc<ReceiptLookup>,
    committer: tokio::sync::Mutex<Option<JoinHandle<()>>>,
}

/// What all stores of aggregates share.
struct StoreParts {
    pool: PgPool,
    queue: Arc<AppendQueue>,
    snapshots: Arc<SnapshotWriter>,
}

impl StoreParts {
    fn open<A: CachedAggregate>(&self, cache_bytes: u64) -> Arc<AggregateStore<A>> {
        let (pool, queue) = (self.pool.clone(), self.queue.clone());
        AggregateStore::new(pool, queue, self.snapshots.clone(), cache_bytes)
    }
}

impl EventLog {
    /// Opens the log of a migrated database and starts its committer. Fails if the settings of the
    /// server could lose acknowledged events.
    pub async fn open(pool: PgPool, config: LogConfig) -> Result<Self, LogError> {
        check_durability(&pool, config.allow_fsync_off).await?;
        snapshot::delete_outdated(&pool).await?;
        let reader = LogReader::new(pool.clone());
        // In this order: if the log changes its history in between, the first append notices.
        let (history_sender, history) = watch::channel(Arc::new(reader.history().await?));
        let head = reader.head().await?;
        let queue = AppendQueue::new(head.position);
        let snapshots = SnapshotWriter::new(pool.clone(), config.snapshot_every, history.clone());
        let stores = StoreParts {
            pool: pool.clone(),
            queue: queue.clone(),
            snapshots,
        };
        // Profiles are small, and most commands need none.
        let of_profiles = config.cache_bytes / 16;
        let half = (config.cache_bytes - of_profiles) / 2;
        let conversations = stores.open(half);
        let mailboxes = stores.open(half);
        let profiles = stores.open(of_profiles);
        // There is one deployment, and its state is small.
        let deployments = stores.open(DEPLOYMENT_CACHE_BYTES);
        let cases = stores.open(CASE_CACHE_BYTES);
        let files = stores.open(FILE_CACHE_BYTES);
        let desks = stores.open(DESK_CACHE_BYTES);
        let sinks: Vec<Arc<dyn ExternalEventSink>> = vec![
            conversations.clone(),
            mailboxes.clone(),
            profiles.clone(),
            deployments.clone(),
            cases.clone(),
            files.clone(),
            desks.clone(),
        ];
        let commits = CommitBroadcaster::default();
        let session = WriterSession::new(pool.clone(), queue.clone(), sinks, history_sender);
        let receipts = ReceiptLookup::start(pool.clone());
        let committer = Committer::new(
            pool.clone(),
            queue.clone(),
            session,
            receipts.clone(),
            commits.clone(),
            config.max_batch,
        );
        let committer = tokio::sync::Mutex::new(Some(tokio::spawn(committer.run())));
        Ok(Self(Arc::new(Inner {
            pool,
            queue,
            conversations,
            mailboxes,
            profiles,
            deployments,
            cases,
            files,
            desks,
            commits,
            history,
            receipts,
            committer,
        })))
    }

    /// The connection pool of the database with the log.
    pub fn pool(&self) -> &PgPool {
        &self.0.pool
    }

    /// The store of all conversations.
    pub fn conversations(&self) -> &Arc<AggregateStore<Conversation>> {
        &self.0.conversations
    }

    /// The store of all mailboxes.
    pub fn mailboxes(&self) -> &Arc<AggregateStore<Mailbox>> {
        &self.0.mailboxes
    }

    /// The store of all profiles.
    pub fn profiles(&self) -> &Arc<AggregateStore<Profile>> {
        &self.0.profiles
    }

    /// The store of the deployment.
    pub fn deployments(&self) -> &Arc<AggregateStore<Deployment>> {
        &self.0.deployments
    }

    /// The store of all cases.
    pub fn cases(&self) -> &Arc<AggregateStore<Case>> {
        &self.0.cases
    }

    /// The store of all files.
    pub fn files(&self) -> &Arc<AggregateStore<File>> {
        &self.0.files
    }

    /// The store of all service desks.
    pub fn desks(&self) -> &Arc<AggregateStore<Desk>> {
        &self.0.desks
    }

    /// The durable head, as far as this process knows.
    pub fn known_head(&self) -> i64 {
        self.0.queue.known_head()
    }

    /// The history of the log, as far as this process knows.
    pub fn history(&self) -> Arc<History> {
        self.0.history.borrow().clone()
    }

    /// The durable head now. Everything that was queued before, in this or another process, is at
    /// or below it.
    pub async fn head(&self) -> Result<i64, LogError> {
        let permit = self.0.queue.reserve().await?;
        let ticket = self.0.queue.push_head_observation(permit);
        match ticket.wait().await {
            Ok(observed) => Ok(observed.last),
            Err(AppendError::Log(error)) => Err(error),
            // Neither can happen: it has no aggregate that could change, and no key.
            Err(error @ (AppendError::Conflict | AppendError::DuplicateKey(_))) => {
                Err(LogError::Unavailable(error.to_string()))
            }
        }
    }

    /// Finds the receipt of a key, if the key has been used.
    pub async fn find_receipt(&self, key: ReceiptKey) -> Result<Option<Receipt>, LogError> {
        Ok(self.find_receipts(&[key]).await?.remove(&key))
    }

    /// Finds the receipt of a key before its command is decided. Only while clients repeat
    /// commands: otherwise the append finds a repeated key, and this returns `None` at once.
    pub async fn find_repeated(&self, key: ReceiptKey) -> Result<Option<Receipt>, LogError> {
        self.0.receipts.find(key).await
    }

    /// Finds the receipts of those keys that have been used.
    pub async fn find_receipts(
        &self,
        keys: &[ReceiptKey],
    ) -> Result<HashMap<ReceiptKey, Receipt>, LogError> {
        receipt::find(&self.0.pool, keys).await
    }

    /// The approximate size of the cached aggregates, in bytes.
    pub fn cached_bytes(&self) -> u64 {
        self.0.conversations.cached_bytes()
            + self.0.mailboxes.cached_bytes()
            + self.0.profiles.cached_bytes()
    }

    /// Subscribes to the commits of this process from now on, in order. Batches are dropped when
    /// the receiver does not keep up. Commits of other processes are not included.
    pub fn subscribe_commits(&self) -> CommitReceiver {
        self.0.commits.subscribe()
    }

    /// Stops accepting appends, and returns when all queued appends are resolved.
    pub async fn shut_down(&self) {
        self.0.queue.close();
        let committer = self.0.committer.lock().await.take();
        if let Some(committer) = committer
            && let Err(error) = committer.await
        {
            tracing::error!(%error, "the committer task failed");
        }
    }
}

/// Fails if a setting of the server could lose acknowledged events.
async fn check_durability(pool: &PgPool, allow_fsync_off: bool) -> Result<(), LogError> {
    if allow_fsync_off {
        return Ok(());
    }
    // `synchronous_commit` is not checked: the committer sets it for its own session.
    let off: Option<String> = sqlx::query_scalar(
        "SELECT name FROM pg_settings
          WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off' ORDER BY name LIMIT 1",
    )
    .fetch_optional(pool)
    .await?;
    if let Some(name) = off {
        return Err(LogError::UnsafeSettings(format!(
            "{name} is off; set it to on in postgresql.conf"
        )));
    }
    Ok(())
}

/// Whether the user of this session may append. `None`: the database has no log yet.
pub async fn may_append(connection: &mut PgConnection) -> Result<Option<bool>, sqlx::Error> {
    sqlx::query_scalar("SELECT has_table_privilege(to_regclass('log.events'), 'INSERT')")
        .fetch_one(connection)
        .await
}
