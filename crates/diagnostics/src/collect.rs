//! Collects the status from Postgres, NATS and the file system.

use std::time::Duration;

use anyhow::{Context as _, Result};
use data_dir::secret::redact_url;
use data_dir::{DataDir, RunInfo, ServerUrls, open_operator_pool};
use dispatcher::webhook;
use domain::hex::to_hex;
use embedded_servers::postgres_data_major;
use event_log::reader::LogReader;
use event_stream::mirror::{self, MirrorConfig};
use event_stream::nats;
use log_integrity::erasure::{ledger, retention};
use log_integrity::seal::store;
use search::index::{Index, IndexDir};
use sqlx::PgPool;

use crate::database_load::{RecentSends, SessionActivity, SlowStatement, WriteAheadLog};
use crate::disk_usage::{DiskSpace, measure_disk_usage};
use crate::lag::{ModerationLag, ProjectionLag, SealLag};
use crate::status::{
    DatabaseStatus, MirrorProgress, MirrorStatus, NatsStatus, ProcessStatus, SealStatus,
    SearchIndexProgress, SearchIndexStatus, SessionStatus, StatusError, StorageSizes, SystemStatus,
};

/// How long to wait for NATS. Without a response, the rest of the status is still shown. A
/// connection that fails is explained within two timeouts of the network, of 2 s each.
const NATS_TIMEOUT: Duration = Duration::from_secs(5);

/// What a status is collected from.
#[derive(Clone)]
pub struct StatusSources<'a> {
    /// The data directory.
    pub data: &'a DataDir,
    /// The configured servers, which take precedence over those of the running system.
    pub servers: ServerUrls,
    /// The names of the mirror in NATS.
    pub mirror: MirrorConfig,
    /// The directory of the search index.
    pub index_dir: IndexDir,
}

/// Collects the status of the system.
pub async fn collect_status(sources: StatusSources<'_>) -> Result<SystemStatus> {
    let data = sources.data.path();
    let running = sources.data.find_running()?;
    let state = match (&running, &sources.servers.database) {
        (Some(running), _) if running.is_starting => "starting",
        (Some(_), _) => "running",
        (None, Some(_)) => "external",
        (None, None) if sources.data.has_database() => "stopped",
        (None, None) => return Err(sources.data.no_system_error().into()),
    };
    let mut status = SystemStatus {
        state,
        data: data.to_path_buf(),
        data_bytes: measure_disk_usage(data),
        disk: DiskSpace::measure(data).ok(),
        process: running.as_ref().map(process_status),
        postgres_major: postgres_data_major(data),
        database: None,
        nats: None,
        mirror: None,
    };
    let servers = sources.servers.or_running(running.as_ref());
    if let Some(url) = servers.database {
        let database = collect_database(&url, &sources.index_dir).await?;
        if let Some(url) = servers.nats {
            let head = database.projection.head;
            status.nats = Some(NatsStatus {
                url: redact_url(&url),
            });
            status.mirror = Some(collect_mirror(&sources.mirror, &url, head).await);
        }
        status.database = Some(database);
    }
    Ok(status)
}

/// Queries the version of Postgres.
pub async fn fetch_postgres_version(pool: &PgPool) -> Result<String> {
    sqlx::query_scalar("SELECT current_setting('server_version')")
        .fetch_one(pool)
        .await
        .context("cannot query Postgres")
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
    let pool = &open_operator_pool(url).await?;
    let version = fetch_postgres_version(pool).await?;
    let head = LogReader::new(pool.clone())
        .head()
        .await
        .context("this database has no log")?;
    let projection = ProjectionLag::measure(pool)
        .await
        .context("this database has no read model")?;
    let parked_events: i64 = sqlx::query_scalar("SELECT count(*) FROM read.parked")
        .fetch_one(pool)
        .await?;
    let erasure = ledger::load_progress(pool)
        .await
        .context("this database has no erasure ledger")?;
    let retention = retention::load_progress(pool).await?;
    let sync_floor: i64 = sqlx::query_scalar("SELECT floor FROM read.checkpoint")
        .fetch_one(pool)
        .await?;
    let moderation = ModerationLag::measure(pool)
        .await
        .context("this database has no progress of moderation")?;
    let webhooks = webhook::list(pool)
        .await
        .context("this database has no webhooks table")?;
    let seal = load_seal(pool).await?;
    let sessions = count_sessions(pool).await?;
    let sizes = measure_sizes(pool).await?;
    let wal = WriteAheadLog::measure(pool).await?;
    let slow_statements = SlowStatement::list(pool).await?;
    let recent_sends = RecentSends::count(pool, head.position).await?;
    pool.close().await;
    let search = collect_search_index(index, projection.position);
    Ok(DatabaseStatus {
        url: redact_url(url),
        version,
        head_time: head.time,
        projection,
        search,
        parked_events,
        erasure,
        seal,
        sessions,
        retention,
        sync_floor,
        moderation,
        webhooks,
        sizes,
        wal,
        slow_statements,
        recent_sends,
    })
}

async fn load_seal(pool: &PgPool) -> Result<Option<SealStatus>> {
    let last = store::load_last(pool)
        .await
        .context("this database has no seals")?;
    let lag_seconds = SealLag::measure(pool).await?.seconds;
    Ok(last.map(|seal| SealStatus {
        position: seal.last,
        at: seal.sealed_at,
        public_key: to_hex(&seal.public_key),
        lag_seconds,
    }))
}

/// Counts the sessions, without that of this command.
async fn count_sessions(pool: &PgPool) -> Result<SessionStatus> {
    let sessions: Vec<(String, i64)> = sqlx::query_as(
        "SELECT coalesce(application_name, ''), count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()
         GROUP BY 1",
    )
    .fetch_all(pool)
    .await?;
    let max: i64 = sqlx::query_scalar("SELECT current_setting('max_connections')::bigint")
        .fetch_one(pool)
        .await?;
    let open = sessions.iter().map(|(_, count)| count).sum();
    let ours = sessions.into_iter().filter_map(|(name, count)| {
        let name = name.strip_prefix("tidings ")?.to_owned();
        Some((name, count))
    });
    let activity = SessionActivity::measure(pool).await?;
    Ok(SessionStatus {
        open,
        max,
        by_name: ours.collect(),
        by_state: activity.by_state,
        oldest_transaction_seconds: activity.oldest_transaction_seconds,
    })
}

fn collect_search_index(dir: &IndexDir, read_model: i64) -> SearchIndexStatus {
    let read = || -> Result<SearchIndexStatus> {
        let build = dir.current_build()?.context("there is no index yet")?;
        let directory = dir.build_path(build);
        let index = Index::open(&directory)?;
        let position = index.checkpoint()?.position;
        Ok(SearchIndexStatus::Available(SearchIndexProgress {
            position,
            lag_events: (read_model - position.cast_signed()).max(0),
            messages: index.message_count(),
            bytes: measure_disk_usage(&directory),
        }))
    };
    read().unwrap_or_else(|error| {
        let error = format!("{error:#}");
        SearchIndexStatus::Unavailable(StatusError { error })
    })
}

/// Measures the sizes of the database and of its largest parts.
pub async fn measure_sizes(pool: &PgPool) -> Result<StorageSizes, sqlx::Error> {
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

async fn collect_mirror(names: &MirrorConfig, url: &str, head: i64) -> MirrorStatus {
    let query = async {
        let client = nats::connect_now(url)
            .await
            .map_err(|error| error.to_string())?;
        let version = client.server_info().version;
        let state = mirror::load_state(&async_nats::jetstream::new(client), names).await;
        let state = state
            .map_err(|error| error.to_string())?
            .ok_or("there is no stream yet")?;
        let lag_events = (head - state.last).max(0);
        Ok::<_, String>(MirrorStatus::Available(MirrorProgress {
            version,
            first: state.first,
            position: state.last,
            lag_events,
        }))
    };
    match tokio::time::timeout(NATS_TIMEOUT, query).await {
        Ok(Ok(mirror)) => mirror,
        Ok(Err(error)) => MirrorStatus::Unavailable(StatusError { error }),
        Err(_) => MirrorStatus::Unavailable(StatusError {
            error: format!("no response within {} s", NATS_TIMEOUT.as_secs()),
        }),
    }
}
