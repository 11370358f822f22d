//! The loop around [`Indexer::step`].

use std::time::Duration;

use search::index::Place;
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{Indexed, Indexer, Watch};

/// The shortest time from one commit to the next: each is a few small files, which have to be merged later.
const COMMIT_EVERY: Duration = Duration::from_millis(200);

/// The same while there is much to index: fewer and larger commits leave more of the machine to those who
/// send, and are still found within a second.
const COMMIT_EVERY_AT_MOST: Duration = Duration::from_millis(600);

/// A commit that took so long is followed by a pause so many times as long, within these bounds.
const PAUSES: u32 = 4;

/// How long to wait for the projector's word before looking oneself.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often to look whether an index is built.
const BUILDING: Duration = Duration::from_millis(100);

/// After an error.
const RETRY: Duration = Duration::from_millis(500);

/// Keeps the index up to date until told to stop. `projected` tells how far the projector of this process
/// is; another one's progress is seen by looking.
pub async fn run_indexer(
    pool: PgPool,
    place: Place,
    watch: Watch,
    mut projected: watch::Receiver<i64>,
    shutdown: CancellationToken,
) {
    let mut indexer = Indexer::new(pool, place, watch);
    while !shutdown.is_cancelled() {
        let began = Instant::now();
        let stepped = indexer.step().await;
        let pause = began.elapsed() * PAUSES;
        let due = began + pause.clamp(COMMIT_EVERY, COMMIT_EVERY_AT_MOST);
        let waiting = async {
            match stepped {
                Ok(Indexed::UpTo { more: true, .. }) => {}
                Ok(Indexed::UpTo { more: false, .. }) => sleep_until(due).await,
                Ok(Indexed::Building) => sleep(BUILDING).await,
                Ok(Indexed::Standby) => sleep(PATIENCE).await,
                Ok(Indexed::Nothing) => {
                    let told = tokio::time::timeout(PATIENCE, projected.changed()).await;
                    // There is no projector in this process, or it has ended: look now and then.
                    if matches!(told, Ok(Err(_))) {
                        sleep(COMMIT_EVERY).await;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "indexing interrupted");
                    sleep(RETRY).await;
                }
            }
        };
        tokio::select! {
            () = waiting => {}
            () = shutdown.cancelled() => {}
        }
    }
}
