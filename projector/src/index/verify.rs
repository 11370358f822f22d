//! Verifies the content of the served index without replacing it.

use std::time::Duration;

use search::index::{Index, IndexCheckpoint, IndexDir, IndexView};
use sqlx::PgPool;
use tokio::time::{Instant, sleep};

use super::blocking::run_blocking;
use super::build::build;
use super::build_files::{IndexBuilds, WriterGuard};
use super::compatibility;
use super::error::IndexingError;
use super::index_pair::IndexPair;
use super::report::IndexComparison;
use super::writable_index::WritableIndex;

/// How long to wait for the served index to catch up with the new one.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(30);

/// How often to check whether it has caught up.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Builds another index, compares it with the served one, and deletes it. The served index may be
/// written by another process. `on_progress` gets the number of messages indexed so far and about
/// how many there are.
pub async fn verify_index(
    pool: PgPool,
    index_dir: IndexDir,
    on_progress: impl Fn(u64, u64) + Send,
) -> Result<IndexComparison, IndexingError> {
    let builds = IndexBuilds::new(index_dir);
    let scratch = builds.for_verification();
    let Some(scratch_writer) = WriterGuard::acquire(&scratch)? else {
        return Err(IndexingError::VerificationInProgress);
    };
    let mut built = build(&pool, &scratch_writer, on_progress).await?.index;
    let pair = match WriterGuard::acquire(&builds)? {
        // No writer process follows the log, so this process does so for a moment.
        Some(_writer) => match WritableIndex::open_served(&pool, builds.dir()).await? {
            Ok(mut served) => IndexPair::align(&pool, &mut served, &mut built).await?,
            Err(reason) => return Err(IndexingError::Incomparable(reason)),
        },
        None => pair_with_followed_index(&pool, builds.dir(), &mut built).await?,
    };
    let comparison = pair.compare(pool).await?;
    drop(built);
    std::fs::remove_dir_all(scratch.dir().path())?;
    Ok(comparison)
}

/// Waits until the served index, which another process writes, has got at least as far as the new
/// one. Then brings the new one to the same position.
async fn pair_with_followed_index(
    pool: &PgPool,
    index_dir: &IndexDir,
    built: &mut WritableIndex,
) -> Result<IndexPair, IndexingError> {
    let deadline = Instant::now() + CATCH_UP_TIMEOUT;
    loop {
        if let Some((checkpoint, view)) = open_served_view(index_dir).await? {
            compatibility::check(pool, &checkpoint).await?;
            let position = checkpoint.position.cast_signed();
            if position >= built.position() {
                built.advance_to(pool, position).await?;
                return IndexPair::from_views(pool, position, view, built.refresh_view().await?)
                    .await;
            }
        }
        if Instant::now() >= deadline {
            return Err(IndexingError::Incompatible(
                "is behind and does not catch up",
            ));
        }
        sleep(POLL_INTERVAL).await;
    }
}

/// Opens a view of the served index at one commit; `None` if another commit
/// happened while the index was being opened.
async fn open_served_view(
    index_dir: &IndexDir,
) -> Result<Option<(IndexCheckpoint, IndexView)>, IndexingError> {
    let Some(build) = index_dir.current_build()? else {
        return Err(IndexingError::Incompatible("does not exist"));
    };
    let directory = index_dir.build_path(build);
    run_blocking(move || {
        let index = Index::open(&directory)?;
        let (checkpoint, view) = (index.refresh()?, index.view());
        Ok((index.checkpoint()? == checkpoint).then_some((checkpoint, view)))
    })
    .await
}
