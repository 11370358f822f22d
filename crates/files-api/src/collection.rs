//! The background task that deletes files that nothing uses.

use std::time::Duration;

use anyhow::Result;
use connectivity::OutageLog;
use http_edge::Problem;
use tokio_util::sync::CancellationToken;

use crate::collector::Collector;
use crate::state::FilesState;

/// How often files are looked at.
const INTERVAL: Duration = Duration::from_secs(60);

/// After how many rounds the store is listed: every six hours and soon after a start. It is also
/// listed after a round in which something could not be removed.
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
        let sweeps = round.is_multiple_of(ROUNDS_PER_SWEEP);
        let step = collect(&collector, &state, sweeps);
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
    if state.take_leftovers() || sweeps {
        let swept = collector.sweep().await;
        if swept.is_err() {
            state.note_leftovers();
        }
        let removed = swept?;
        if removed > 0 {
            tracing::info!(removed, "bytes that belong to no file were removed");
        }
    }
    Ok(())
}
