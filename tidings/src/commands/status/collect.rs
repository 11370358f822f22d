//! Collects the status from Postgres, NATS and the file system.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use dispatcher::webhook::{self, WebhookStatus};
use domain::time::Timestamp;
use embedded_servers::postgres_data_major;
use event_log::reader::LogReader;
use event_stream::mirror::{self, MirrorConfig};
use event_stream::nats;
use log_integrity::erasure::ledger::{self, ErasureProgress};
use log_integrity::erasure::retention::{self, RetentionProgress};
use search::index::{Index, IndexDir};
use serde::Serialize;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::config::SystemConfig;
use crate::data_dir::{DataDir, RunInfo};
use crate::secret::redact_url;
use crate::service::lag::ProjectionLag;
use crate::service::pools;

/// How long to wait for NATS. Without a response, the rest of the status is still shown.
const NATS_TIMEOUT: Duration = Duration::from_secs(3);

/// The status of the system.
#[derive(Debug, Serialize)]
pub struct SystemStatus {
    /// `running`, `stopped` or, if external servers are configured, `external`.
    pub state: &'static str,
    /// The path of the data directory.
    pub data: PathBuf,
    /// The size of the data directory in bytes, including a linked `servers` directory.
    pub data_bytes: u64,
    /// The process that runs on the data directory, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<ProcessStatus>,
    /// The major version of Postgres that the data directory is bound to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postgres_major: Option<u32>,
    /// The status of the database. None if the system is stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<DatabaseStatus>,
    /// The status of the mirror, or the reason why it is unavailable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mirror: Option<MirrorStatus>,
}

/// The process that runs on the data directory.
#[derive(Debug, Serialize)]
pub struct ProcessStatus {
    /// The process id.
    pub pid: u32,
    /// The base URL of its HTTP port.
    pub address: String,
    /// The time at which it started.
    pub started_at: Timestamp,
    /// Its embedded servers.
    pub servers: Vec<String>,
}

/// The status of the database.
#[derive(Debug, Serialize)]
pub struct DatabaseStatus {
    /// The address, with the password masked.
    pub url: String,
    /// The version of Postgres.
    pub version: String,
    /// The time of the log's last event.
    pub head_time: Timestamp,
    /// The head of the log and the lag of the read model.
    pub projection: ProjectionLag,
    /// The search index, or the reason why it is unavailable.
    pub search: SearchIndexStatus,
    /// The number of parked events: those that could not be folded, and those that wait behind
    /// them.
    pub parked_events: i64,
    /// The progress of erasures.
    pub erasure: ErasureProgress,
    /// The positions up to which retention has erased expired messages.
    pub retention: Vec<RetentionProgress>,
    /// Sync entries at or before this position have been removed, because of the offline window.
    pub sync_floor: i64,
    /// The webhooks.
    pub webhooks: Vec<WebhookStatus>,
    /// The sizes on disk.
    pub sizes: StorageSizes,
}

/// The status of the search index.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum SearchIndexStatus {
    /// The index can be read.
    Available {
        /// The position of the last indexed event.
        position: u64,
        /// The number of events by which it lags behind the read model.
        lag_events: i64,
        /// The number of messages in it.
        messages: u64,
        /// The size on disk in bytes.
        bytes: u64,
    },
    /// The index does not exist or cannot be read.
    Unavailable {
        /// The reason.
        error: String,
    },
}

/// Sizes on disk in bytes, including database indexes.
#[derive(Debug, Serialize)]
pub struct StorageSizes {
    /// The size of the whole database.
    pub database: i64,
    /// The size of the log.
    pub log: i64,
    /// The size of the read models.
    pub read: i64,
}

/// The status of the mirror in NATS.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum MirrorStatus {
    /// The stream exists.
    Available {
        /// The version of nats-server.
        version: String,
        /// The position of its first event.
        first: i64,
        /// The position of its last event.
        position: i64,
        /// The number of events by which it lags behind the log.
        lag_events: i64,
    },
    /// The stream does not exist or NATS cannot be reached.
    Unavailable {
        /// The reason.
        error: String,
    },
}

/// Collects the status of the system.
pub async fn collect_status(config: &SystemConfig) -> Result<SystemStatus> {
    let data = DataDir::new(&config.data);
    let running = data.find_running()?;
    let given = config
        .database_url
        .as_ref()
        .map(|url| url.reveal().to_owned());
    let state = match (&running, &given) {
        (Some(_), _) => "running",
        (None, Some(_)) => "external",
        (None, None) => "stopped",
    };
    let mut status = SystemStatus {
        state,
        data: data.path().to_path_buf(),
        data_bytes: measure_disk_usage(data.path()),
        process: running.as_ref().map(process_status),
        postgres_major: postgres_data_major(data.path()),
        database: None,
        mirror: None,
    };
    let database_url = given.or_else(|| Some(running.as_ref()?.database_url.clone()));
    let nats_url = config.nats_url.as_ref().map(|url| url.reveal().to_owned());
    let nats_url = nats_url.or_else(|| Some(running.as_ref()?.nats_url.clone()));
    if let Some(url) = database_url {
        let database = collect_database(&url, &config.index_dir()).await?;
        if let Some(url) = nats_url {
            status.mirror = Some(collect_mirror(config, &url, database.projection.head).await);
        }
        status.database = Some(database);
    }
    Ok(status)
}

fn process_status(running: &RunInfo) -> ProcessStatus {
    ProcessStatus {
        pid: running.pid,
        address: running.base_url(),
        started_at: running.started_at,
        servers: running.servers.clone(),
    }
}

async fn collect_database(url: &str, index: &IndexDir) -> Result<DatabaseStatus> {
    let pool = pools::open_operator_pool(url)?;
    let version = pools::fetch_server_version(&pool).await?;
    let head = LogReader::new(pool.clone())
        .head()
        .await
        .context("this database has no log")?;
    let projection = ProjectionLag::measure(&pool)
        .await
        .context("this database has no read model")?;
    let parked_events: i64 = sqlx::query_scalar("SELECT count(*) FROM read.parked")
        .fetch_one(&pool)
        .await?;
    let erasure = ledger::load_progress(&pool)
        .await
        .context("this database has no erasure ledger")?;
    let retention = retention::load_progress(&pool).await?;
    let sync_floor: i64 = sqlx::query_scalar("SELECT floor FROM read.checkpoint")
        .fetch_one(&pool)
        .await?;
    let webhooks = webhook::list(&pool)
        .await
        .context("this database has no webhooks table")?;
    let sizes = measure_sizes(&pool).await?;
    pool.close().await;
    let url = redact_url(url);
    let search = collect_search_index(index, projection.position);
    Ok(DatabaseStatus {
        url,
        version,
        head_time: head.time,
        projection,
        search,
        parked_events,
        erasure,
        retention,
        sync_floor,
        webhooks,
        sizes,
    })
}

fn collect_search_index(dir: &IndexDir, read_model: i64) -> SearchIndexStatus {
    let read = || -> Result<SearchIndexStatus> {
        let build = dir.current_build()?.context("there is no index yet")?;
        let directory = dir.build_path(build);
        let index = Index::open(&directory)?;
        let position = index.checkpoint()?.position;
        Ok(SearchIndexStatus::Available {
            position,
            lag_events: (read_model - position.cast_signed()).max(0),
            messages: index.message_count(),
            bytes: measure_disk_usage(&directory),
        })
    };
    read().unwrap_or_else(|error| SearchIndexStatus::Unavailable {
        error: format!("{error:#}"),
    })
}

async fn measure_sizes(pool: &PgPool) -> Result<StorageSizes> {
    let (database, log, read): (i64, i64, i64) = sqlx::query_as(
        "SELECT pg_database_size(current_database()), \
                coalesce(sum(pg_total_relation_size(c.oid)) FILTER (WHERE n.nspname = 'log'), 0)::bigint, \
                coalesce(sum(pg_total_relation_size(c.oid)) FILTER (WHERE n.nspname = 'read'), 0)::bigint \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r'",
    )
    .fetch_one(pool)
    .await?;
    Ok(StorageSizes {
        database,
        log,
        read,
    })
}

async fn collect_mirror(config: &SystemConfig, url: &str, head: i64) -> MirrorStatus {
    let names = config
        .stream
        .as_deref()
        .map_or_else(MirrorConfig::default, MirrorConfig::named);
    let query = async {
        let client = nats::connect(url)
            .await
            .map_err(|error| error.to_string())?;
        if !nats::wait_until_connected(&client, &CancellationToken::new()).await {
            return Err("not connected".to_owned());
        }
        let version = client.server_info().version;
        let state = mirror::load_state(&async_nats::jetstream::new(client), &names).await;
        let state = state
            .map_err(|error| error.to_string())?
            .ok_or("there is no stream yet")?;
        let lag_events = (head - state.last).max(0);
        Ok::<_, String>(MirrorStatus::Available {
            version,
            first: state.first,
            position: state.last,
            lag_events,
        })
    };
    match tokio::time::timeout(NATS_TIMEOUT, query).await {
        Ok(Ok(mirror)) => mirror,
        Ok(Err(error)) => MirrorStatus::Unavailable { error },
        Err(_) => MirrorStatus::Unavailable {
            error: format!("no response within {} s", NATS_TIMEOUT.as_secs()),
        },
    }
}

/// Measures the total size of the files below a directory, in bytes. Files that disappear while
/// this runs, or cannot be read, are not counted. Of the symbolic links, only `servers` is
/// followed: the servers may live outside the data directory.
fn measure_disk_usage(root: &Path) -> u64 {
    let mut bytes = 0;
    let mut pending = vec![root.to_path_buf(), root.join("servers")];
    if !root.join("servers").is_symlink() {
        pending.pop();
    }
    while let Some(dir) = pending.pop() {
        let entries = std::fs::read_dir(&dir).into_iter().flatten().flatten();
        for entry in entries {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => pending.push(entry.path()),
                Ok(metadata) if metadata.is_file() => bytes += metadata.len(),
                _ => {}
            }
        }
    }
    bytes
}
