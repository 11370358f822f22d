//! Asking.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use dispatcher::webhook::{self, Listed};
use domain::time::Timestamp;
use event_log::broker;
use event_log::erasure::ledger::{self, Progress};
use event_log::erasure::retention::{self, Reached};
use event_log::mirror::{self, MirrorConfig};
use event_log::reader::Reader;
use search::index::{Index, Place};
use serde::Serialize;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::data_dir::{DataDir, Running};
use crate::secret::redacted;
use crate::servers::postgres_major_of;
use crate::service::lag::Lag;
use crate::service::pools;

/// How long NATS may take to answer; without it the rest is shown all the same.
const NATS_PATIENCE: Duration = Duration::from_secs(3);

/// How the system is.
#[derive(Debug, Serialize)]
pub struct Status {
    /// `running`, `stopped` or, for servers that were given, `external`.
    pub state: &'static str,
    /// The data directory.
    pub data: PathBuf,
    /// Bytes of the data directory, and of what links from it.
    pub data_bytes: u64,
    /// The process, if one runs here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<Process>,
    /// The major version of Postgres that the data directory is bound to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postgres_major: Option<u32>,
    /// What Postgres says; nothing when the system is stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<Database>,
    /// What NATS says, or why it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mirror: Option<Mirror>,
}

/// The process that runs on the data directory.
#[derive(Debug, Serialize)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Where it answers.
    pub address: String,
    /// Since when.
    pub started_at: Timestamp,
    /// Its private servers.
    pub servers: Vec<String>,
}

/// What Postgres says.
#[derive(Debug, Serialize)]
pub struct Database {
    /// Where it is, without its password.
    pub url: String,
    /// What it is.
    pub version: String,
    /// The time of the log's last event.
    pub head_time: Timestamp,
    /// The log and the read model.
    pub projection: Lag,
    /// The search index, or why it cannot be read.
    pub search: SearchIndex,
    /// Events that could not be folded, with those that wait behind them.
    pub parked_events: i64,
    /// What was erased, and from where it is gone.
    pub erasure: Progress,
    /// Up to where what is too old is erased.
    pub retention: Vec<Reached>,
    /// Sync entries at or before this position are no longer kept, by the offline window.
    pub sync_floor: i64,
    /// Where the outside is told.
    pub webhooks: Vec<Listed>,
    /// Bytes on disk.
    pub sizes: Sizes,
}

/// What the data directory has of the search index.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum SearchIndex {
    /// It is there.
    There {
        /// The last event that it has.
        position: u64,
        /// Events of the read model that it has not yet.
        lag_events: i64,
        /// Messages in it.
        messages: u64,
        /// Bytes on disk.
        bytes: u64,
    },
    /// It cannot be read.
    Away {
        /// Why.
        error: String,
    },
}

/// Bytes on disk, indexes included.
#[derive(Debug, Serialize)]
pub struct Sizes {
    /// The whole database.
    pub database: i64,
    /// The log.
    pub log: i64,
    /// The read models.
    pub read: i64,
}

/// What NATS says of the mirror.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Mirror {
    /// The stream is there.
    There {
        /// What nats-server is.
        version: String,
        /// The first event that it has.
        first: i64,
        /// The last.
        position: i64,
        /// Events that it has not yet.
        lag_events: i64,
    },
    /// It cannot be asked.
    Away {
        /// Why.
        error: String,
    },
}

/// Looks at what there is.
pub async fn at(config: &Config) -> Result<Status> {
    let data = DataDir::at(&config.data);
    let running = data.running()?;
    let given = config
        .database_url
        .as_ref()
        .map(|url| url.reveal().to_owned());
    let state = match (&running, &given) {
        (Some(_), _) => "running",
        (None, Some(_)) => "external",
        (None, None) => "stopped",
    };
    let mut status = Status {
        state,
        data: data.path().to_path_buf(),
        data_bytes: bytes_below(data.path()),
        process: running.as_ref().map(process),
        postgres_major: postgres_major_of(data.path()),
        database: None,
        mirror: None,
    };
    let database_url = given.or_else(|| Some(running.as_ref()?.database_url.clone()));
    let nats_url = config.nats_url.as_ref().map(|url| url.reveal().to_owned());
    let nats_url = nats_url.or_else(|| Some(running.as_ref()?.nats_url.clone()));
    if let Some(url) = database_url {
        let database = database(&url, &config.search()).await?;
        if let Some(url) = nats_url {
            status.mirror = Some(mirror(config, &url, database.projection.head).await);
        }
        status.database = Some(database);
    }
    Ok(status)
}

fn process(running: &Running) -> Process {
    Process {
        pid: running.pid,
        address: running.base_url(),
        started_at: running.started_at,
        servers: running.servers.clone(),
    }
}

async fn database(url: &str, index: &Place) -> Result<Database> {
    let pool = pools::operator(url)?;
    let version = pools::server_version(&pool).await?;
    let head = Reader::new(pool.clone())
        .head()
        .await
        .context("this database has no log")?;
    let projection = Lag::measure(&pool)
        .await
        .context("this database has no read model")?;
    let parked_events: i64 = sqlx::query_scalar("SELECT count(*) FROM read.parked")
        .fetch_one(&pool)
        .await?;
    let erasure = ledger::progress(&pool)
        .await
        .context("this database knows no erasure")?;
    let retention = retention::reached(&pool).await?;
    let sync_floor: i64 = sqlx::query_scalar("SELECT floor FROM read.checkpoint")
        .fetch_one(&pool)
        .await?;
    let webhooks = webhook::list(&pool)
        .await
        .context("this database knows no webhooks")?;
    let sizes = sizes(&pool).await?;
    pool.close().await;
    let url = redacted(url);
    let search = search_index(index, projection.position);
    Ok(Database {
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

fn search_index(place: &Place, read_model: i64) -> SearchIndex {
    let look = || -> Result<SearchIndex> {
        let build = place.current()?.context("there is none yet")?;
        let directory = place.directory(build);
        let index = Index::open(&directory)?;
        let position = index.checkpoint()?.position;
        Ok(SearchIndex::There {
            position,
            lag_events: (read_model - position.cast_signed()).max(0),
            messages: index.messages(),
            bytes: bytes_below(&directory),
        })
    };
    look().unwrap_or_else(|error| SearchIndex::Away {
        error: format!("{error:#}"),
    })
}

async fn sizes(pool: &PgPool) -> Result<Sizes> {
    let (database, log, read): (i64, i64, i64) = sqlx::query_as(
        "SELECT pg_database_size(current_database()), \
                coalesce(sum(pg_total_relation_size(c.oid)) FILTER (WHERE n.nspname = 'log'), 0)::bigint, \
                coalesce(sum(pg_total_relation_size(c.oid)) FILTER (WHERE n.nspname = 'read'), 0)::bigint \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r'",
    )
    .fetch_one(pool)
    .await?;
    Ok(Sizes {
        database,
        log,
        read,
    })
}

async fn mirror(config: &Config, url: &str, head: i64) -> Mirror {
    let names = config
        .stream
        .as_deref()
        .map_or_else(MirrorConfig::default, MirrorConfig::named);
    let asked = async {
        let client = broker::client(url)
            .await
            .map_err(|error| error.to_string())?;
        if !broker::connected(&client, &CancellationToken::new()).await {
            return Err("not connected".to_owned());
        }
        let version = client.server_info().version;
        let state = mirror::state(&async_nats::jetstream::new(client), &names).await;
        let state = state
            .map_err(|error| error.to_string())?
            .ok_or("there is no stream yet")?;
        let lag_events = (head - state.last).max(0);
        Ok::<_, String>(Mirror::There {
            version,
            first: state.first,
            position: state.last,
            lag_events,
        })
    };
    match tokio::time::timeout(NATS_PATIENCE, asked).await {
        Ok(Ok(mirror)) => mirror,
        Ok(Err(error)) => Mirror::Away { error },
        Err(_) => Mirror::Away {
            error: format!("no answer within {} s", NATS_PATIENCE.as_secs()),
        },
    }
}

/// What the files below a directory hold. Those that vanish meanwhile, or cannot be seen, count
/// nothing. The one link that is followed is the first: servers may live elsewhere.
fn bytes_below(root: &Path) -> u64 {
    let mut bytes = 0;
    let mut open = vec![root.to_path_buf(), root.join("servers")];
    if !root.join("servers").is_symlink() {
        open.pop();
    }
    while let Some(dir) = open.pop() {
        let entries = std::fs::read_dir(&dir).into_iter().flatten().flatten();
        for entry in entries {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => open.push(entry.path()),
                Ok(metadata) if metadata.is_file() => bytes += metadata.len(),
                _ => {}
            }
        }
    }
    bytes
}
