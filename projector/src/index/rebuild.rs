//! Building the index again because somebody wants it: by the process that writes, if there is one, else
//! here.

use std::time::Duration;

use search::index::{Build, Index, Lock, Place};
use sqlx::PgPool;
use tokio::time::sleep;

use super::fill::fill;
use super::{IndexingError, aside};

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

/// Builds the index again while the one from before serves. Answers how many messages it has, and up to
/// which position it is complete.
pub async fn rebuild_index(
    pool: PgPool,
    place: Place,
    on_progress: impl Fn(IndexProgress) + Send + Sync,
) -> Result<(u64, u64), IndexingError> {
    let build = if let Some(lock) = place.lock()? {
        here(pool, &place, &lock, on_progress).await?
    } else {
        on_progress(IndexProgress::Elsewhere);
        elsewhere(&place).await?
    };
    aside(move || {
        let index = Index::open(&place.directory(build))?;
        Ok((index.messages(), index.checkpoint()?.position))
    })
    .await
}

async fn here(
    pool: PgPool,
    place: &Place,
    lock: &Lock,
    on_progress: impl Fn(IndexProgress) + Send + Sync,
) -> Result<Build, IndexingError> {
    let before: Vec<Build> = place.current()?.into_iter().collect();
    place.sweep(lock, &before)?;
    let build = place.begin(lock)?;
    let progress = |messages, of| on_progress(IndexProgress::Filled { messages, of });
    fill(pool, place.directory(build), progress).await?;
    place.serve(lock, build)?;
    place.sweep(lock, &[build])?;
    Ok(build)
}

async fn elsewhere(place: &Place) -> Result<Build, IndexingError> {
    let before = place.current()?;
    place.want_rebuild()?;
    loop {
        sleep(LOOK_EVERY).await;
        let build = place.current()?;
        if let Some(build) = build.filter(|_| build > before && !place.is_rebuild_wanted()) {
            return Ok(build);
        }
    }
}
