//! Finishes what an ended process has left, and forgets old attempts.

use std::time::Duration;

use anyhow::Result;
use connectivity::OutageLog;
use http_edge::Problem;
use tokio_util::sync::CancellationToken;

use super::problems::database_away;
use super::state::AccountsState;

/// How often changes of passwords are looked for whose tokens are not revoked yet: also those by
/// `tidings account`.
const REVOCATION_INTERVAL: Duration = Duration::from_millis(500);

/// After how many rounds old attempts are removed: once a minute.
const ROUNDS_PER_CLEANUP: u64 = 120;

/// The maximum number of revocations in a round.
const MAX_REVOCATIONS: i64 = 100;

/// Runs until `shutdown`.
pub async fn run(state: AccountsState, shutdown: CancellationToken) -> Result<()> {
    let outages = OutageLog::new("The upkeep of accounts");
    let mut rounds = tokio::time::interval(REVOCATION_INTERVAL);
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for round in 0_u64.. {
        if shutdown.run_until_cancelled(rounds.tick()).await.is_none() {
            break;
        }
        let step = state.tidy(round.is_multiple_of(ROUNDS_PER_CLEANUP));
        match shutdown.run_until_cancelled(step).await {
            Some(Ok(())) => outages.record_success(),
            Some(Err(problem)) => outages.record_failure(&problem.detail()),
            None => break,
        }
    }
    Ok(())
}

impl AccountsState {
    async fn tidy(&self, removes_old: bool) -> Result<(), Problem> {
        let pending = self.store.list_pending_revocations(MAX_REVOCATIONS).await;
        for revocation in pending.map_err(|error| database_away(&error))? {
            self.settle_revocation(&revocation).await?;
        }
        if removes_old {
            let removed = self.attempts.remove_old().await;
            removed.map_err(|error| database_away(&error))?;
        }
        Ok(())
    }
}
