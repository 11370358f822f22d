//! Rebuilds the read model in shadow tables, from the first event on, compares it with the served
//! one and swaps the two.
//!
//! The old read model is served and projected all the time. The swap is a transaction that locks
//! the row of the served checkpoint, so that nothing is projected during the swap, folds the
//! remaining events and renames the schemas. The projector then finds another generation and clears
//! its cache.
//!
//! - `lock`: ensures that only one rebuild runs.
//! - `tables`: creates the empty shadow tables, or decides that those of an interrupted rebuild can
//!   be resumed.
//! - `shadow`, `catch_up`: fill the shadow tables from the log.
//! - `compare`: compares them with the served tables.
//! - `swap`: makes them the served tables. [`views`]: makes views show these.
//! - [`rollback`]: makes the version that was replaced the start of another rebuild, or drops it.

mod catch_up;
mod compare;
mod lock;
pub mod rollback;
mod schemas;
mod shadow;
mod start;
mod swap;
mod tables;
pub mod views;

pub use catch_up::RebuildProgress;
pub use compare::{ReadModelComparison, RowDifference};
pub use start::RebuildStart;

use std::time::Duration;

use sqlx::PgPool;

use crate::config::ProjectorConfig;
use crate::error::ProjectionError;
use shadow::ShadowBuild;

/// The result of a rebuild.
#[derive(Debug, Clone)]
pub struct RebuildSummary {
    /// The position of the new read model.
    pub position: i64,
    /// The position at which the rebuild started: 0, or more if it resumed an interrupted one.
    pub start_position: i64,
    /// The comparison with the read model that was served; `None` if that did not catch up.
    pub comparison: Option<ReadModelComparison>,
    /// How long the swap blocked projecting.
    pub swap_duration: Duration,
}

/// What to do with the previous version, which is no longer served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PreviousVersion {
    /// Drop it, along with any version that an earlier rebuild has kept.
    Drop,
    /// Keep it for a rollback, until it is discarded or until the next rebuild.
    Keep,
}

/// Rebuilds schema `read` from the log, compares the result with the served tables and swaps them.
///
/// `batch` is the number of events per transaction; `on_progress` is called after each one. The
/// previous version is dropped, or kept as schema `read_old` for [`RebuildStart::KeptVersion`] and
/// [`rollback::discard`]. A version that an earlier rebuild has kept is dropped first.
pub async fn rebuild(
    pool: PgPool,
    config: ProjectorConfig,
    batch: usize,
    start: RebuildStart,
    replaced: PreviousVersion,
    mut on_progress: impl FnMut(RebuildProgress) + Send,
) -> Result<RebuildSummary, ProjectionError> {
    let mut build = ShadowBuild::start(pool, config, batch, start).await?;
    build.drop_previous().await?;
    let start_position = build.position().await?;
    build.fill(&mut on_progress).await?;
    let comparison = build.compare().await?;
    let (position, swap_duration) = build.swap().await?;
    build.move_views().await?;
    if replaced == PreviousVersion::Drop {
        build.drop_previous().await?;
    }
    build.finish().await?;
    Ok(RebuildSummary {
        position,
        start_position,
        comparison,
        swap_duration,
    })
}

/// Builds the read model in shadow tables, compares it with the served one and drops it. A version
/// that a rebuild has kept stays, even if a rollback to it was interrupted.
pub async fn verify(
    pool: PgPool,
    config: ProjectorConfig,
    batch: usize,
    mut on_progress: impl FnMut(RebuildProgress) + Send,
) -> Result<ReadModelComparison, ProjectionError> {
    let start = RebuildStart::InterruptedBuild;
    let mut build = ShadowBuild::start(pool, config, batch, start).await?;
    build.fill(&mut on_progress).await?;
    let comparison = build.compare().await?;
    let position = build.position().await?;
    build.discard().await?;
    comparison.ok_or(ProjectionError::ServedStalled { position })
}
