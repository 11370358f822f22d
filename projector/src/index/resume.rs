//! Determines where a build starts: in an empty directory, at the point where an interrupted build
//! stopped, or from the kept index.

use std::fs;

use search::index::{BuildNumber, IndexDir};
use sqlx::PgPool;

use super::blocking::run_blocking;
use super::build_files::WriterGuard;
use super::compatibility;
use super::error::IndexingError;

/// Prepares the directory of a build and returns the build number. The directory contains the build
/// to be resumed, or is empty. Removes all other builds except the served and the kept one.
pub(super) async fn prepare_build(
    pool: &PgPool,
    writer: &WriterGuard,
) -> Result<BuildNumber, IndexingError> {
    let builds = writer.builds();
    let build = match builds.unfinished_build()? {
        Some(unfinished) if can_resume(pool, builds.dir(), unfinished).await? => unfinished,
        _ => writer.create_build()?,
    };
    writer.remove_unfinished_except(build)?;
    Ok(build)
}

async fn can_resume(
    pool: &PgPool,
    index_dir: &IndexDir,
    build: BuildNumber,
) -> Result<bool, IndexingError> {
    let directory = index_dir.build_path(build);
    if fs::read_dir(&directory)?.next().is_none() {
        return Ok(true);
    }
    let checked = async {
        let opened = run_blocking(move || compatibility::open_intact(&directory));
        let (_, checkpoint) = opened.await?;
        compatibility::check(pool, &checkpoint).await
    };
    match compatibility::separate_reason(checked.await)? {
        Ok(()) => Ok(true),
        Err(reason) => {
            tracing::info!(
                build,
                reason,
                "cannot resume the interrupted build of the search index"
            );
            Ok(false)
        }
    }
}
