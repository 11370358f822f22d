//! Where a build begins: in an empty directory, or where one that was broken off has got.

use std::{fs, io};

use event_log::reader::Reader;
use search::index::{Build, Checkpoint, Index, Lock, Place, verify};
use sqlx::PgPool;

use super::rows::ReadModel;
use super::{IndexingError, aside, fit};

/// How a build begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// In an empty directory, whatever was left behind: the files of an earlier build may still hold what was
    /// erased since.
    Anew,
    /// With the build that was broken off, if there is one and it is of this log and undamaged.
    GoOn,
}

/// Where one is built that is only compared.
pub(super) fn beside(place: &Place) -> Place {
    Place::at(place.path().join("verify"))
}

/// The number of a build, whose directory is empty or not; of other builds only the served one stays.
pub(super) async fn begin(
    pool: &PgPool,
    place: &Place,
    lock: &Lock,
    start: Start,
) -> Result<Build, IndexingError> {
    if start == Start::Anew || place.is_rebuild_wanted() {
        return Ok(anew(place, lock)?);
    }
    if let Some(build) = place.leftover()?
        && is_usable(pool, place, build).await?
    {
        sweep_but(place, lock, build)?;
        return Ok(build);
    }
    Ok(empty(place, lock)?)
}

/// An empty directory to go on with, and nothing of what was left behind anywhere. Who wants a rebuild is heard.
pub(super) fn anew(place: &Place, lock: &Lock) -> io::Result<Build> {
    match fs::remove_dir_all(beside(place).path()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let build = empty(place, lock)?;
    place.rebuild_begun(lock, build)?;
    Ok(build)
}

fn empty(place: &Place, lock: &Lock) -> io::Result<Build> {
    // Its number is larger than that of every build there is: somebody may still be writing one that was stopped.
    let build = place.begin(lock)?;
    sweep_but(place, lock, build)?;
    Ok(build)
}

fn sweep_but(place: &Place, lock: &Lock, build: Build) -> io::Result<()> {
    let served = place.current()?.into_iter();
    let kept: Vec<Build> = served.chain([build]).collect();
    place.sweep(lock, &kept)
}

async fn is_usable(pool: &PgPool, place: &Place, build: Build) -> Result<bool, IndexingError> {
    let directory = place.directory(build);
    if fs::read_dir(&directory)?.next().is_none() {
        return Ok(true);
    }
    let checkpoint = aside(move || {
        let index = Index::open(&directory)?;
        verify(&directory)?;
        Ok::<Checkpoint, IndexingError>(index.checkpoint()?)
    });
    let fit = match checkpoint.await {
        Ok(checkpoint) => {
            let read_model = ReadModel::look(pool).await?;
            fit::check(&Reader::new(pool.clone()), &read_model, &checkpoint).await
        }
        Err(error) => Err(error),
    };
    match fit {
        Ok(()) => Ok(true),
        Err(error @ IndexingError::Database(_)) => Err(error),
        Err(error) => {
            tracing::info!(build, %error, "a build that was broken off is not gone on with");
            Ok(false)
        }
    }
}
