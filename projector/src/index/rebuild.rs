//! Building the index again because somebody wants it: by the process that writes, if there is one, else
//! here.

use std::io;
use std::time::Duration;

use search::index::{Lock, Place, Wish};
use sqlx::PgPool;
use tokio::time::sleep;

use super::building::{Filled, build};
use super::built::{Built, SideBySide};
use super::open::OpenIndex;
use super::{IndexingError, leftover, told};
use crate::Replaced;

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
    /// The process that runs on this place does it.
    Elsewhere,
}

/// How an index is built again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// In an empty directory, whatever was left behind: the files of an earlier build may still hold what was
    /// erased since.
    Anew,
    /// With the build that was broken off, if there is one and it is of this log and undamaged. Where another process
    /// writes, in an empty directory.
    GoOn,
    /// With the index that was kept, if there is one and it is of this log and undamaged.
    Kept,
}

/// Builds the index again while the one from before serves, and compares the two. Where another process writes, it is
/// asked to, and waited for as long as it runs. What is replaced is removed, or kept until the next rebuild, or until
/// it is dropped ([`Place::drop_kept`]).
pub async fn rebuild_index(
    pool: PgPool,
    place: Place,
    start: Start,
    replaced: Replaced,
    on_progress: impl Fn(IndexProgress) + Send + Sync,
) -> Result<Built, IndexingError> {
    let wish = Wish {
        from_kept: start == Start::Kept,
        keep: replaced == Replaced::Kept,
    };
    let mut lock = place.lock()?;
    match &lock {
        Some(lock) if start == Start::GoOn && place.wish()?.is_none() => {
            place.keep(lock, wish.keep)?;
        }
        _ => place.want_rebuild(wish)?,
    }
    if lock.is_none() {
        on_progress(IndexProgress::Elsewhere);
    }
    loop {
        if let Some(lock) = &lock {
            return here(pool, &place, lock, on_progress).await;
        }
        sleep(LOOK_EVERY).await;
        if let Some(built) = elsewhere(&place)? {
            return Ok(built);
        }
        lock = place.lock()?;
    }
}

async fn here(
    pool: PgPool,
    place: &Place,
    lock: &Lock,
    on_progress: impl Fn(IndexProgress) + Send + Sync,
) -> Result<Built, IndexingError> {
    if let Some(wish) = place.wish()? {
        leftover::hear(place, lock, wish)?;
    }
    let served = OpenIndex::served(&pool, place).await?;
    let progress = |messages, of| on_progress(IndexProgress::Filled { messages, of });
    let Filled { mut open, had } = build(&pool, place, lock, progress).await?;
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
    place.serve(lock, outcome.build)?;
    place.sweep(lock, &[outcome.build])?;
    Ok(outcome)
}

/// What the one who writes has built since it heard of the wish; nothing if it is not so far.
fn elsewhere(place: &Place) -> io::Result<Option<Built>> {
    // One that was begun before may come to its end first.
    let current = match place.wish()? {
        Some(_) => None,
        None => place.current()?,
    };
    match (current, place.begun()?) {
        (Some(current), Some(begun)) if current >= begun => told::of(place, current),
        _ => Ok(None),
    }
}
