//! The log as the rest of the program holds it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use domain::conversation::Conversation;
use domain::mailbox::Mailbox;
use sqlx::PgPool;
use tokio::task::JoinHandle;

use crate::Failed;
use crate::append::{Append, NotAppended};
use crate::committer::Committer;
use crate::feed::{Commits, Feed, Feeds};
use crate::foreign::TakesForeign;
use crate::queue::Queue;
use crate::reader::Reader;
use crate::receipt::{self, Key, Receipt};
use crate::snapshot::{self, Snapshots};
use crate::store::Store;

/// What bounds the log's work.
#[derive(Debug, Clone)]
pub struct LogConfig {
    /// Events in one commit. Beyond this, latency grows faster than throughput.
    pub max_batch: usize,
    /// Memory for warm aggregates.
    pub cache_bytes: u64,
    /// A snapshot whenever an aggregate's sequence passes a multiple of this.
    pub snapshot_every: i64,
    /// Accepts a server with `fsync = off`. For tests only: a power cut loses acknowledged events.
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

/// The log. Cheap to clone; all clones share one committer.
#[derive(Clone)]
pub struct EventLog(Arc<Parts>);

struct Parts {
    pool: PgPool,
    queue: Arc<Queue>,
    conversations: Arc<Store<Conversation>>,
    mailboxes: Arc<Store<Mailbox>>,
    feeds: Feeds,
    committer: tokio::sync::Mutex<Option<JoinHandle<()>>>,
}

impl EventLog {
    /// Opens the log of a migrated database and starts its committer. Refuses a server whose
    /// settings would lose acknowledged events.
    pub async fn open(pool: PgPool, config: LogConfig) -> Result<Self, Failed> {
        check_durability(&pool, config.allow_fsync_off).await?;
        snapshot::forget_other_shapes(&pool).await?;
        let reader = Reader::new(pool.clone());
        let queue = Queue::new(reader.head().await?.position);
        let snapshots = Snapshots::new(pool.clone(), config.snapshot_every);
        let half = config.cache_bytes / 2;
        let conversations = Store::new(pool.clone(), queue.clone(), snapshots.clone(), half);
        let mailboxes = Store::new(pool.clone(), queue.clone(), snapshots, half);
        let takers: Vec<Arc<dyn TakesForeign>> = vec![conversations.clone(), mailboxes.clone()];
        let feeds = Feeds::default();
        let committer = Committer {
            pool: pool.clone(),
            reader,
            queue: queue.clone(),
            takers,
            feeds: feeds.clone(),
            max_batch: config.max_batch,
            connection: None,
            stream_numbers: VecDeque::new(),
        };
        let committer = tokio::sync::Mutex::new(Some(tokio::spawn(committer.run())));
        Ok(Self(Arc::new(Parts {
            pool,
            queue,
            conversations,
            mailboxes,
            feeds,
            committer,
        })))
    }

    /// The database that the log is in.
    pub fn pool(&self) -> &PgPool {
        &self.0.pool
    }

    /// Every conversation.
    pub fn conversations(&self) -> &Arc<Store<Conversation>> {
        &self.0.conversations
    }

    /// Every mailbox.
    pub fn mailboxes(&self) -> &Arc<Store<Mailbox>> {
        &self.0.mailboxes
    }

    /// The durable head, as far as this process knows.
    pub fn known_head(&self) -> i64 {
        self.0.queue.waiting().known
    }

    /// The durable head now: everything that was queued before, here or elsewhere, is at or below.
    pub async fn head(&self) -> Result<i64, Failed> {
        // An observation of an aggregate that nobody has: it can only fail if Postgres does.
        for _ in 0..8 {
            let nobody = self.0.mailboxes.lock("").await?;
            match nobody.append(Append::of(Vec::new())).done().await {
                Ok(appended) => return Ok(appended.last),
                Err(NotAppended::Failed(failed)) => return Err(failed),
                Err(NotAppended::Conflict | NotAppended::Duplicate(_)) => {}
            }
        }
        Err(Failed::Unavailable("the head kept moving".into()))
    }

    /// The first answer under a key, if the key was used.
    pub async fn receipt(&self, key: Key) -> Result<Option<Receipt>, Failed> {
        Ok(self.receipts(&[key]).await?.remove(&key))
    }

    /// The first answers under those of the keys that were used.
    pub async fn receipts(&self, keys: &[Key]) -> Result<HashMap<Key, Receipt>, Failed> {
        receipt::find(&self.0.pool, keys).await
    }

    /// About how many bytes of aggregates are held.
    pub fn cached_bytes(&self) -> u64 {
        self.0.conversations.cached_bytes() + self.0.mailboxes.cached_bytes()
    }

    /// What this process commits from now on, for a [`Source`](crate::source::Source) in the same process.
    pub fn feed(&self) -> Feed {
        Feed::new(self.commits())
    }

    /// What this process commits from now on, in batches, in order. Batches are left out when the receiver
    /// does not keep up, and everything that other processes commit always is.
    pub(crate) fn commits(&self) -> Commits {
        self.0.feeds.subscribe()
    }

    /// Takes no more appends, and returns when everything that was queued is answered.
    pub async fn shut_down(&self) {
        self.0.queue.close();
        let committer = self.0.committer.lock().await.take();
        if let Some(committer) = committer
            && let Err(error) = committer.await
        {
            tracing::error!(%error, "the committer ended badly");
        }
    }
}

/// An acknowledgement is worth what these settings make it worth.
async fn check_durability(pool: &PgPool, allow_fsync_off: bool) -> Result<(), Failed> {
    if allow_fsync_off {
        return Ok(());
    }
    // `synchronous_commit` is not asked for: the committer sets it for itself.
    let off: Option<String> = sqlx::query_scalar(
        "SELECT name FROM pg_settings
          WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off' ORDER BY name LIMIT 1",
    )
    .fetch_optional(pool)
    .await?;
    if let Some(name) = off {
        return Err(Failed::Unsafe(format!(
            "{name} is off; set it to on in postgresql.conf"
        )));
    }
    Ok(())
}
