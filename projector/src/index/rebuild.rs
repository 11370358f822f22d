//! Building the index again because somebody wants it: by the process that writes, if there is one, else
//! here.

use std::time::Duration;

use search::index::{Lock, Place};
use sqlx::PgPool;
use tokio::time::sleep;

use super::built::{Built, SideBySide};
use super::fill::fill;
use super::leftover::{self, Start};
use super::open::OpenIndex;
use super::{IndexingError, told};

/// How often to look whether the other process is done.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexProgress {
    /// This many messages are in, of about so many.
    Filled {
        /// So far.
        messages: u64,
        /// In the end.
        of: u64,
    },
    /// The process that runs on this place does it, from the beginning.
    Elsewhere,
}

/// Builds the index again while the one from before serves, and compares the two.
pub async fn rebuild_index(
    pool: PgPool,
    place: Place,
    start: Start,
    on_progress: impl Fn(IndexProgress) + Send + Sync,
) -> Result<Built, IndexingError> {
    if let Some(lock) = place.lock()? {
        return here(pool, &place, &lock, start, on_progress).await;
    }
    on_progress(IndexProgress::Elsewhere);
    elsewhere(&place).await
}

async fn here(
    pool: PgPool,
    place: &Place,
    lock: &Lock,
    start: Start,
    on_progress: impl Fn(IndexProgress) + Send + Sync,
) -> Result<Built, IndexingError> {
    let served = OpenIndex::served(&pool, place).await?;
    let build = leftover::begin(&pool, place, lock, start).await?;
    let progress = |messages, of| on_progress(IndexProgress::Filled { messages, of });
    let had = fill(pool.clone(), place.directory(build), progress).await?;
    let mut open = OpenIndex::open(place, build).await?;
    let comparison = match served {
        Ok(mut served) => {
            let sides = SideBySide::of(&pool, &mut served, &mut open).await?;
            Some(sides.compare(pool).await?)
        }
        Err(why) => {
            tracing::info!(why, "the index that was served cannot be compared");
            None
        }
    };
    let outcome = open.built(had, comparison).await?;
    told::tell(place, lock, &outcome)?;
    place.serve(lock, build)?;
    place.sweep(lock, &[build])?;
    Ok(outcome)
}

async fn elsewhere(place: &Place) -> Result<Built, IndexingError> {
    let before = place.current()?;
    place.want_rebuild()?;
    loop {
        sleep(LOOK_EVERY).await;
        let build = place.current()?;
        if let Some(build) = build.filter(|_| build > before && !place.is_rebuild_wanted())
            && let Some(built) = told::of(place, build)?
        {
            return Ok(built);
        }
    }
}
