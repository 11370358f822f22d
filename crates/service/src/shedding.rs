//! Load shedding: while the read model is far behind the log, the live frames that matter least are
//! not sent, so that the projection can catch up. Sends are never shed.

use std::time::Duration;

use anyhow::Result;
use diagnostics::ProjectionLag;
use moderation::LiveRulebook;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

/// The interval between two measurements.
const INTERVAL: Duration = Duration::from_millis(500);

/// How many features to shed at this lag: one for each multiple of the limit that it exceeds.
fn shed_count(lag_seconds: f64, limit: Duration) -> usize {
    let multiples = lag_seconds / limit.as_secs_f64().max(0.001);
    (1..=3).filter(|step| multiples > f64::from(*step)).count()
}

/// Measures the lag and sheds, until `ending` is cancelled.
pub async fn run(
    pool: PgPool,
    limit: Duration,
    live: LiveRulebook,
    ending: CancellationToken,
) -> Result<()> {
    let mut round = tokio::time::interval(INTERVAL);
    while ending.run_until_cancelled(round.tick()).await.is_some() {
        let Some(measured) = ending
            .run_until_cancelled(ProjectionLag::measure(&pool))
            .await
        else {
            break;
        };
        // Without an answer of Postgres, what was shed stays so.
        let Ok(lag) = measured else { continue };
        let (before, count) = (live.shed().len(), shed_count(lag.seconds, limit));
        live.set_shed(count);
        metrics::gauge!("tidings_shed_features").set(count as f64);
        if (before == 0) != (count == 0) {
            let shed: Vec<&str> = live.shed().iter().map(|feature| feature.as_str()).collect();
            tracing::warn!(
                lag_seconds = lag.seconds,
                shed = shed.join(", "),
                "load shedding has changed"
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_is_shed_the_further_the_read_model_is_behind() {
        let limit = Duration::from_secs(5);
        let counts = [0.0, 5.0, 5.1, 10.0, 10.1, 15.1, 100.0].map(|lag| shed_count(lag, limit));
        assert_eq!(counts, [0, 0, 1, 1, 2, 3, 3]);
    }
}
