//! The loop around [`Indexer::step`].

use std::time::Duration;

use connectivity::OutageLog;
use search::index::IndexDir;
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::indexer::{Indexer, IntegrityChecks};
use super::outcome::IndexingOutcome;

/// The minimum time between two commits: each writes a few small files, which must be merged later.
const MIN_COMMIT_INTERVAL: Duration = Duration::from_millis(200);

/// The minimum time between two commits under load. Fewer and larger commits leave more CPU time to
/// the senders, and messages are still found within a second.
const MAX_COMMIT_INTERVAL: Duration = Duration::from_millis(600);

/// After a commit, the time until the next one is this many times its duration, within the two
/// bounds above.
const PAUSE_FACTOR: u32 = 4;

/// How long to wait for a signal of the projector before polling.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// How often to check whether a build has finished.
const BUILD_POLL_INTERVAL: Duration = Duration::from_millis(100);

/// How long to wait after an error.
const RETRY_INTERVAL: Duration = Duration::from_millis(500);

/// Keeps the index up to date until `shutdown` is cancelled. `projected` carries the position of
/// the projector in this process; the progress of one in another process is found by polling.
pub async fn run_indexer(
    pool: PgPool,
    index_dir: IndexDir,
    watch: IntegrityChecks,
    mut projected: watch::Receiver<i64>,
    shutdown: CancellationToken,
) {
    let mut indexer = Indexer::new(pool, index_dir, watch);
    let outages = OutageLog::new("The indexer");
    while !shutdown.is_cancelled() {
        let began = Instant::now();
        let outcome = outages.record(indexer.step().await);
        let pause = began.elapsed() * PAUSE_FACTOR;
        let due = began + pause.clamp(MIN_COMMIT_INTERVAL, MAX_COMMIT_INTERVAL);
        let waiting = async {
            match outcome {
                Ok(IndexingOutcome::Advanced { has_more: true, .. }) => {}
                Ok(IndexingOutcome::Advanced {
                    has_more: false, ..
                }) => sleep_until(due).await,
                Ok(IndexingOutcome::Building) => sleep(BUILD_POLL_INTERVAL).await,
                Ok(IndexingOutcome::Standby) => sleep(POLL_INTERVAL).await,
                Ok(IndexingOutcome::UpToDate) => {
                    let notified = tokio::time::timeout(POLL_INTERVAL, projected.changed()).await;
                    // This process has no projector, or it has ended: poll.
                    if matches!(notified, Ok(Err(_))) {
                        sleep(MIN_COMMIT_INTERVAL).await;
                    }
                }
                Err(_) => sleep(RETRY_INTERVAL).await,
            }
        };
        tokio::select! {
            () = waiting => {}
            () = shutdown.cancelled() => {}
        }
    }
}
