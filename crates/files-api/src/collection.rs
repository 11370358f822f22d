//! The background task that deletes files that nothing uses.

use std::time::{Duration, SystemTime};

use anyhow::Result;
use connectivity::OutageLog;
use http_edge::Problem;
use tokio_util::sync::CancellationToken;

use crate::collector::Collector;
use crate::state::FilesState;

/// How often files are looked at.
const INTERVAL: Duration = Duration::from_secs(60);

/// After how many rounds the store is listed: every six hours, and soon after a start.
const ROUNDS_PER_SWEEP: u64 = 360;

/// Runs until `shutdown`.
pub async fn run(state: FilesState, shutdown: CancellationToken) -> Result<()> {
    let collector = Collector::new(state.clone());
    let outages = OutageLog::new("The collection of files");
    let mut rounds = tokio::time::interval(INTERVAL);
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for round in 0_u64.. {
        if shutdown.run_until_cancelled(rounds.tick()).await.is_none() {
            break;
        }
        let step = collect(&collector, &state, round.is_multiple_of(ROUNDS_PER_SWEEP));
        match shutdown.run_until_cancelled(step).await {
            Some(Ok(())) => outages.record_success(),
            Some(Err(problem)) => outages.record_failure(&problem.detail()),
            None => break,
        }
    }
    Ok(())
}

async fn collect(collector: &Collector, state: &FilesState, sweeps: bool) -> Result<(), Problem> {
    let deleted = collector.step(state.now()).await?;
    if deleted > 0 {
        tracing::info!(deleted, "files that nothing used were deleted");
    }
    if sweeps {
        let removed = collector.sweep(SystemTime::now()).await?;
        if removed > 0 {
            tracing::info!(removed, "bytes that belong to no file were removed");
        }
    }
    Ok(())
}
