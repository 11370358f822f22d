//! Rebuilds the index on request: in the writer process if one is running, otherwise in this
//! process.

use std::io;
use std::time::Duration;

use search::index::{IndexDir, RebuildRequest, WriterLock};
use sqlx::PgPool;
use tokio::time::sleep;

use super::building::{Filled, build};
use super::built::{Built, SideBySide};
use super::open::OpenIndex;
use super::{IndexingError, leftover, told};
use crate::Replaced;

/// How often to check whether the writer process has finished.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The progress of an index rebuild.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexProgress {
    /// The index is being filled in this process.
    Filled {
        /// How many messages it contains so far.
        messages: u64,
        /// About how many messages it will contain.
        of: u64,
    },
    /// The writer process of this index directory does the rebuild.
    Elsewhere,
}

/// Where an index rebuild starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// In an empty directory: the files of an earlier build may still contain content that has been
    /// erased since.
    Anew,
    /// From an interrupted build, if there is one that belongs to this log and is intact. If
    /// another process is the writer, in an empty directory.
    GoOn,
    /// From the kept index, if there is one that belongs to this log and is intact.
    Kept,
}

/// Rebuilds the index while the old one is served, and compares the two.
///
/// If another process is the writer, this requests the rebuild from it and waits as long as it
/// runs. The old index is removed, or kept until the next rebuild or until
/// [`IndexDir::remove_kept`].
pub async fn rebuild_index(
    pool: PgPool,
    index_dir: IndexDir,
    start: Start,
    replaced: Replaced,
    on_progress: impl Fn(IndexProgress) + Send + Sync,
) -> Result<Built, IndexingError> {
    let request = RebuildRequest {
        from_kept: start == Start::Kept,
        keep: replaced == Replaced::Kept,
    };
    let mut lock = index_dir.try_lock()?;
    match &lock {
        Some(lock) if start == Start::GoOn && index_dir.rebuild_request()?.is_none() => {
            index_dir.set_keep_current(lock, request.keep)?;
        }
        _ => index_dir.request_rebuild(request)?,
    }
    if lock.is_none() {
        on_progress(IndexProgress::Elsewhere);
    }
    loop {
        if let Some(lock) = &lock {
            return here(pool, &index_dir, lock, on_progress).await;
        }
        sleep(LOOK_EVERY).await;
        if let Some(built) = elsewhere(&index_dir)? {
            return Ok(built);
        }
        lock = index_dir.try_lock()?;
    }
}

async fn here(
    pool: PgPool,
    index_dir: &IndexDir,
    lock: &WriterLock,
    on_progress: impl Fn(IndexProgress) + Send + Sync,
) -> Result<Built, IndexingError> {
    if let Some(request) = index_dir.rebuild_request()? {
        leftover::hear(index_dir, lock, request)?;
    }
    let served = OpenIndex::served(&pool, index_dir).await?;
    let progress = |messages, of| on_progress(IndexProgress::Filled { messages, of });
    let Filled {
        mut open,
        had: resumed,
    } = build(&pool, index_dir, lock, progress).await?;
    let comparison = match served {
        Ok(mut served) => {
            let pair = SideBySide::of(&pool, &mut served, &mut open).await?;
            Some(pair.compare(pool).await?)
        }
        Err(reason) => {
            tracing::info!(reason, "the served search index cannot be compared");
            None
        }
    };
    let outcome = open.built(resumed, comparison).await?;
    told::tell(index_dir, lock, &outcome)?;
    index_dir.serve(lock, outcome.build)?;
    index_dir.remove_except(lock, &[outcome.build])?;
    Ok(outcome)
}

/// The report of the build that the writer process has made since it accepted the request; `None`
/// if that is not finished.
fn elsewhere(index_dir: &IndexDir) -> io::Result<Option<Built>> {
    // A build that began before the request may finish first.
    let current = match index_dir.rebuild_request()? {
        Some(_) => None,
        None => index_dir.current_build()?,
    };
    match (current, index_dir.last_begun_build()?) {
        (Some(current), Some(begun)) if current >= begun => told::of(index_dir, current),
        _ => Ok(None),
    }
}
