//! Verifies the content of the served index without replacing it.

use std::time::Duration;

use event_log::reader::LogReader;
use search::index::{Index, IndexCheckpoint, IndexDir, IndexView};
use sqlx::PgPool;
use tokio::time::{Instant, sleep};

use super::building::build;
use super::built::{IndexComparison, SideBySide};
use super::leftover;
use super::open::OpenIndex;
use super::rows::ReadModel;
use super::{Indexed, IndexingError, aside, fit};

/// How long to wait for the served index to catch up with the new one.
const SERVED_WITHIN: Duration = Duration::from_secs(30);

/// How often to check whether it has caught up.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Builds another index, compares it with the served one, and deletes it. The served index may be
/// written by another process. `on_progress` gets the number of messages indexed so far and about
/// how many there are.
pub async fn verify_index(
    pool: PgPool,
    index_dir: IndexDir,
    on_progress: impl Fn(u64, u64) + Send,
) -> Result<IndexComparison, IndexingError> {
    let scratch = leftover::beside(&index_dir);
    let Some(lock) = scratch.try_lock()? else {
        return Err(IndexingError::Verifying);
    };
    let mut built = build(&pool, &scratch, &lock, on_progress).await?.open;
    let pair = match index_dir.try_lock()? {
        // No writer process follows the log, so this process does so for a moment.
        Some(_writing) => match OpenIndex::served(&pool, &index_dir).await? {
            Ok(mut served) => SideBySide::of(&pool, &mut served, &mut built).await?,
            Err(reason) => return Err(IndexingError::Incomparable(reason)),
        },
        None => beside_a_writer(&pool, &index_dir, &mut built).await?,
    };
    let comparison = pair.compare(pool).await?;
    drop(built);
    std::fs::remove_dir_all(scratch.path())?;
    Ok(comparison)
}

/// Waits until the served index, which another process writes, has got at least as far as the new
/// one. Then brings the new one to the same position.
async fn beside_a_writer(
    pool: &PgPool,
    index_dir: &IndexDir,
    built: &mut OpenIndex,
) -> Result<SideBySide, IndexingError> {
    let deadline = Instant::now() + SERVED_WITHIN;
    loop {
        if let Some((checkpoint, view)) = look(index_dir).await? {
            let read_model = ReadModel::look(pool).await?;
            fit::check(&LogReader::new(pool.clone()), &read_model, &checkpoint).await?;
            let position = checkpoint.position.cast_signed();
            if position >= built.position() {
                let has_more = |outcome| matches!(outcome, Indexed::UpTo { more: true, .. });
                while has_more(built.take_in(pool, &read_model, position).await?) {}
                return SideBySide::at(pool, position, view, built.view().await?).await;
            }
        }
        if Instant::now() >= deadline {
            return Err(IndexingError::Unfit("is behind and does not catch up"));
        }
        sleep(LOOK_EVERY).await;
    }
}

/// Opens a view of the served index at one commit; `None` if another commit
/// happened while the index was being opened.
async fn look(index_dir: &IndexDir) -> Result<Option<(IndexCheckpoint, IndexView)>, IndexingError> {
    let Some(build) = index_dir.current_build()? else {
        return Err(IndexingError::Unfit("does not exist"));
    };
    let directory = index_dir.build_path(build);
    aside(move || {
        let index = Index::open(&directory)?;
        let (checkpoint, view) = (index.refresh()?, index.view());
        Ok((index.checkpoint()? == checkpoint).then_some((checkpoint, view)))
    })
    .await
}
