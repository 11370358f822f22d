//! Gauges that are sampled at an interval.

use std::time::Duration;

use anyhow::Result;
use diagnostics::{ModerationLag, SealLag};
use event_log::EventLog;
use tokio_util::sync::CancellationToken;

use super::pools::Pools;

/// The interval between two samples.
const SAMPLE_INTERVAL: Duration = Duration::from_secs(2);

/// What is sampled.
pub struct GaugeSources {
    /// The connections.
    pub pools: Pools,
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
        log,
        seals,
        moderates,
    } = sources;
    metrics::gauge!("tidings_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    let mut round = tokio::time::interval(SAMPLE_INTERVAL);
    while ending.run_until_cancelled(round.tick()).await.is_some() {
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
