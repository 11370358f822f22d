//! The collection of files a day later: another process of the fleet, whose clock is ahead.

use std::sync::Arc;
use std::time::Duration;

use access::SharedAccess;
use command_svc::{Clock, CommandState};
use domain::limits::Limits;
use domain::time::Timestamp;
use event_log::{EventLog, LogConfig};
use file_store::{FileStore, StoreConfig, StoreError, StoreLocation};
use files_api::{Collector, FileLimits, FilesSetup, FilesState};
use futures::TryStreamExt as _;
use http_edge::Problem;
use moderation::LiveRulebook;
use sqlx::types::time::OffsetDateTime;
use tests::world::{Settings, World};

/// How far ahead its clock is: no upload is open any more.
const AHEAD: Duration = Duration::from_secs(25 * 3_600);

/// The collector, and the store that it shares with the world.
pub struct LaterCollector {
    collector: Collector,
    store: FileStore,
    now: Timestamp,
}

/// The store of a world with these settings: a bucket, or the directory of the world.
fn store_config(world: &World, settings: &Settings) -> StoreConfig {
    let data = world.dir.join("data");
    let bucket = settings.value("TIDINGS_FILES");
    let location = bucket.map(|text| text.parse::<StoreLocation>().expect("a location"));
    let variables = settings.env.iter();
    StoreConfig {
        location: location.unwrap_or_else(|| StoreLocation::Directory(data.join("files"))),
        uploads: data.join("uploads"),
        variables: variables
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
        timeout: Duration::from_secs(1),
    }
}

impl LaterCollector {
    pub async fn start(world: &World, settings: &Settings) -> Self {
        let store = FileStore::open(&store_config(world, settings)).expect("a store");
        let config = LogConfig {
            allow_fsync_off: true,
            ..LogConfig::default()
        };
        let opened = EventLog::open(world.pool.clone(), config).await;
        let log = opened.expect("the log of the world");
        let now = Timestamp::from(OffsetDateTime::now_utc() + AHEAD);
        let clock = Clock::new(move || now);
        let commands = CommandState::new(
            log.clone(),
            Arc::new(Limits::default()),
            clock.clone(),
            LiveRulebook::default(),
            SharedAccess::default(),
        );
        let state = FilesState::new(FilesSetup {
            commands,
            log,
            pool: world.pool.clone(),
            store: store.clone(),
            limits: FileLimits {
                file_bytes: 1,
                user_bytes: None,
            },
            clock,
        });
        Self {
            collector: Collector::new(state),
            store,
            now,
        }
    }

    /// Deletes what nothing uses and what has expired, and then what belongs to no file.
    pub async fn collect(&self) {
        while self.collector.step(self.now).await.expect("a step") > 0 {}
        self.sweep().await.expect("a sweep");
    }

    pub async fn sweep(&self) -> Result<usize, Problem> {
        self.collector.sweep().await
    }

    /// How many objects the store has.
    pub async fn count_objects(&self) -> Result<usize, StoreError> {
        let objects: Vec<_> = self.store.list().try_collect().await?;
        Ok(objects.len())
    }
}
