//! Gauges that are sampled at an interval.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use diagnostics::{
    DiskSpace, ModerationLag, RecentSends, SealLag, SessionActivity, SlowStatement, WriteAheadLog,
    measure_sizes,
};
use event_log::EventLog;
use event_log::reader::LogReader;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::pools::Pools;

/// The interval between two samples.
const SAMPLE_INTERVAL: Duration = Duration::from_secs(2);

/// The samples between two looks at what takes longer to measure.
const ROUNDS_PER_LOAD: u32 = 5;

/// What is sampled.
pub struct GaugeSources {
    /// The connections.
    pub pools: Pools,
    /// The data directory.
    pub data: PathBuf,
    /// The log, where events are appended.
    pub log: Option<EventLog>,
    /// Whether this process seals the log.
    pub seals: bool,
    /// Whether this process may follow the log for moderators.
    pub moderates: bool,
}

/// Samples the gauges until `ending` is cancelled.
pub async fn run(sources: GaugeSources, ending: CancellationToken) -> Result<()> {
    let GaugeSources {
        pools,
        data,
        log,
        seals,
        moderates,
    } = sources;
    metrics::gauge!("tidings_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    let mut round = tokio::time::interval(SAMPLE_INTERVAL);
    for number in 0_u32.. {
        if ending.run_until_cancelled(round.tick()).await.is_none() {
            break;
        }
        if number.is_multiple_of(ROUNDS_PER_LOAD) {
            sample_disk(&data);
            if moderates {
                // Without an answer of Postgres, the last values stay.
                let sampled = sample_load(&pools.projections);
                drop(ending.run_until_cancelled(sampled).await);
            }
        }
        for (name, pool) in pools.with_names() {
            let idle = pool.num_idle();
            let used = (pool.size() as usize).saturating_sub(idle);
            metrics::gauge!("tidings_pool_connections", "pool" => name, "state" => "idle")
                .set(idle as f64);
            metrics::gauge!("tidings_pool_connections", "pool" => name, "state" => "used")
                .set(used as f64);
        }
        if let Some(log) = &log {
            metrics::gauge!("tidings_cache_bytes").set(log.cached_bytes() as f64);
            metrics::gauge!("tidings_log_head").set(log.known_head() as f64);
        }
        if seals {
            let measured = SealLag::measure(&pools.projections);
            // Without an answer of Postgres, the last value stays.
            if let Some(Ok(lag)) = ending.run_until_cancelled(measured).await {
                metrics::gauge!("tidings_seal_lag_seconds").set(lag.seconds);
            }
        }
        if moderates {
            let measured = ModerationLag::measure(&pools.projections);
            if let Some(Ok(lag)) = ending.run_until_cancelled(measured).await {
                metrics::gauge!("tidings_moderation_lag_events").set(lag.events as f64);
                metrics::gauge!("tidings_moderation_lag_seconds").set(lag.seconds);
            }
        }
    }
    Ok(())
}

fn sample_disk(data: &std::path::Path) {
    if let Ok(disk) = DiskSpace::measure(data) {
        metrics::gauge!("tidings_disk_free_bytes").set(disk.free_bytes as f64);
        metrics::gauge!("tidings_disk_bytes").set(disk.total_bytes as f64);
    }
}

/// Samples the load on Postgres, and how even the load on conversations is.
async fn sample_load(pool: &PgPool) -> Result<(), sqlx::Error> {
    let sessions = SessionActivity::measure(pool).await?;
    for (state, count) in sessions.by_state {
        metrics::gauge!("tidings_database_sessions", "state" => state.replace(' ', "_"))
            .set(count as f64);
    }
    let max: i64 = sqlx::query_scalar("SELECT current_setting('max_connections')::bigint")
        .fetch_one(pool)
        .await?;
    metrics::gauge!("tidings_database_max_sessions").set(max as f64);
    metrics::gauge!("tidings_database_oldest_transaction_seconds")
        .set(sessions.oldest_transaction_seconds);
    let slow = SlowStatement::list(pool).await?;
    let slowest = slow.first().map_or(0.0, |statement| statement.seconds);
    metrics::gauge!("tidings_slow_statements").set(slow.len() as f64);
    metrics::gauge!("tidings_slowest_statement_seconds").set(slowest);
    let wal = WriteAheadLog::measure(pool).await?;
    metrics::gauge!("tidings_wal_written_bytes").set(wal.written_bytes as f64);
    metrics::gauge!("tidings_wal_retained_bytes").set(wal.retained_bytes as f64);
    let sizes = measure_sizes(pool).await?;
    for (part, bytes) in [
        ("all", sizes.database),
        ("log", sizes.log),
        ("read", sizes.read),
    ] {
        metrics::gauge!("tidings_database_bytes", "part" => part).set(bytes as f64);
    }
    let head = LogReader::new(pool.clone()).head().await?.position;
    let sends = RecentSends::count(pool, head).await?;
    metrics::gauge!("tidings_busiest_conversation_ratio").set(sends.busiest_share());
    Ok(())
}
