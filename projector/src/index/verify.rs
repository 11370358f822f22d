//! Whether the served index says what it should, without replacing it.

use std::time::Duration;

use event_log::reader::Reader;
use search::index::{Checkpoint, Index, Place, View};
use sqlx::PgPool;
use tokio::time::{Instant, sleep};

use super::building::build;
use super::built::{IndexComparison, SideBySide};
use super::leftover;
use super::open::OpenIndex;
use super::rows::ReadModel;
use super::{Indexed, IndexingError, aside, fit};

/// How long the served index is given to come to where the other one is.
const SERVED_WITHIN: Duration = Duration::from_secs(30);

/// Between two looks at it.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Builds another index, compares it with the one that is served, by whichever process, and throws it away. Tells now
/// and then how many messages of how many are in.
pub async fn verify_index(
    pool: PgPool,
    place: Place,
    on_progress: impl Fn(u64, u64) + Send,
) -> Result<IndexComparison, IndexingError> {
    let beside = leftover::beside(&place);
    let Some(lock) = beside.lock()? else {
        return Err(IndexingError::Verifying);
    };
    let mut built = build(&pool, &beside, &lock, on_progress).await?.open;
    let sides = match place.lock()? {
        // Nobody follows the log: this process does, for a moment.
        Some(_writing) => match OpenIndex::served(&pool, &place).await? {
            Ok(mut served) => SideBySide::of(&pool, &mut served, &mut built).await?,
            Err(why) => return Err(IndexingError::Incomparable(why)),
        },
        None => beside_a_writer(&pool, &place, &mut built).await?,
    };
    let comparison = sides.compare(pool).await?;
    drop(built);
    std::fs::remove_dir_all(beside.path())?;
    Ok(comparison)
}

/// Waits until the served index has got at least as far, and brings the other one to the same position.
async fn beside_a_writer(
    pool: &PgPool,
    place: &Place,
    built: &mut OpenIndex,
) -> Result<SideBySide, IndexingError> {
    let deadline = Instant::now() + SERVED_WITHIN;
    loop {
        if let Some((checkpoint, view)) = look(place).await? {
            let read_model = ReadModel::look(pool).await?;
            fit::check(&Reader::new(pool.clone()), &read_model, &checkpoint).await?;
            let position = checkpoint.position.cast_signed();
            if position >= built.position() {
                let bounded = |taken| matches!(taken, Indexed::UpTo { more: true, .. });
                while bounded(built.take_in(pool, &read_model, position).await?) {}
                return SideBySide::at(pool, position, view, built.view().await?).await;
            }
        }
        if Instant::now() >= deadline {
            return Err(IndexingError::Unfit("is behind and does not come closer"));
        }
        sleep(LOOK_EVERY).await;
    }
}

/// The served index as of one commit; nothing if another one came while it was looked at.
async fn look(place: &Place) -> Result<Option<(Checkpoint, View)>, IndexingError> {
    let Some(build) = place.current()? else {
        return Err(IndexingError::Unfit("is not there"));
    };
    let directory = place.directory(build);
    aside(move || {
        let index = Index::open(&directory)?;
        let (seen, view) = (index.refresh()?, index.view());
        Ok((index.checkpoint()? == seen).then_some((seen, view)))
    })
    .await
}
