//! Determines where a build starts: in an empty directory, at the point where an interrupted build
//! stopped, or from the kept index.

use std::{fs, io};

use event_log::reader::LogReader;
use search::index::{
    BuildNumber, Index, IndexCheckpoint, IndexDir, RebuildRequest, WriterLock, verify,
};
use sqlx::PgPool;

use super::blocking::run_blocking;
use super::compatibility;
use super::error::IndexingError;
use super::read_model::ReadModelState;

/// The directory for a build that is only compared, never served.
pub(super) fn verification_dir(index_dir: &IndexDir) -> IndexDir {
    IndexDir::new(index_dir.path().join("verify"))
}

/// Prepares the directory of a build and returns the build number. The directory contains the build
/// to be resumed, or is empty. Removes all other builds except the served and the kept one.
pub(super) async fn prepare_build(
    pool: &PgPool,
    index_dir: &IndexDir,
    lock: &WriterLock,
) -> Result<BuildNumber, IndexingError> {
    if let Some(build) = index_dir.unfinished_build()?
        && can_resume(pool, index_dir, build).await?
    {
        remove_except(index_dir, lock, build)?;
        return Ok(build);
    }
    Ok(create_empty(index_dir, lock)?)
}

/// Accepts a rebuild request: leaves only the build to be resumed, as requested, and removes all
/// other unfinished builds.
pub(super) fn accept_request(
    index_dir: &IndexDir,
    lock: &WriterLock,
    request: RebuildRequest,
) -> io::Result<()> {
    let kept = if request.from_kept {
        index_dir.restore_kept(lock)?
    } else {
        None
    };
    index_dir.set_keep_current(lock, request.keep)?;
    let build = match kept {
        Some(kept) => {
            remove_except(index_dir, lock, kept)?;
            kept
        }
        None => start_empty(index_dir, lock)?,
    };
    index_dir.record_rebuild_begun(lock, build)
}

/// Starts from an empty directory: the files of an earlier build may be corrupted, or may still
/// contain content that has been erased since.
pub(super) fn start_empty(index_dir: &IndexDir, lock: &WriterLock) -> io::Result<BuildNumber> {
    match fs::remove_dir_all(verification_dir(index_dir).path()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => create_empty(index_dir, lock),
    }
}

fn create_empty(index_dir: &IndexDir, lock: &WriterLock) -> io::Result<BuildNumber> {
    // The new number is larger than that of any existing build, because a stopped build may still
    // be writing.
    let build = index_dir.create_build(lock)?;
    remove_except(index_dir, lock, build)?;
    Ok(build)
}

fn remove_except(index_dir: &IndexDir, lock: &WriterLock, build: BuildNumber) -> io::Result<()> {
    let served = index_dir.current_build()?.into_iter();
    let retained: Vec<BuildNumber> = served.chain([build]).collect();
    index_dir.remove_except(lock, &retained)
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
    let checkpoint = run_blocking(move || {
        let index = Index::open(&directory)?;
        verify(&directory)?;
        Ok::<IndexCheckpoint, IndexingError>(index.checkpoint()?)
    });
    let checked = match checkpoint.await {
        Ok(checkpoint) => {
            let read_model = ReadModelState::load(pool).await?;
            compatibility::check(&LogReader::new(pool.clone()), &read_model, &checkpoint).await
        }
        Err(error) => Err(error),
    };
    match checked {
        Ok(()) => Ok(true),
        Err(error @ IndexingError::Database(_)) => Err(error),
        Err(error) => {
            tracing::info!(build, %error, "cannot resume the interrupted build of the search index");
            Ok(false)
        }
    }
}
