//! Where a build begins: in an empty directory, or where one that was broken off has got.

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

/// The directory of a build, empty or not; of other builds only the served one stays.
pub(super) async fn begin(
    pool: &PgPool,
    place: &Place,
    lock: &Lock,
    start: Start,
) -> Result<Build, IndexingError> {
    let mut kept: Vec<Build> = place.current()?.into_iter().collect();
    if start == Start::GoOn
        && let Some(build) = place.leftover()?
        && is_usable(pool, place, build).await?
    {
        kept.push(build);
        place.sweep(lock, &kept)?;
        return Ok(build);
    }
    place.sweep(lock, &kept)?;
    if start == Start::Anew
        && let Err(error) = std::fs::remove_dir_all(beside(place).path())
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(error.into());
    }
    Ok(place.begin(lock)?)
}

async fn is_usable(pool: &PgPool, place: &Place, build: Build) -> Result<bool, IndexingError> {
    let directory = place.directory(build);
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
