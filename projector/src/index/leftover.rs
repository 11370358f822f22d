//! Where a build begins: in an empty directory, where one that was broken off has got, or with the one that was kept.

use std::{fs, io};

use event_log::reader::Reader;
use search::index::{Build, Checkpoint, Index, Lock, Place, Wish, verify};
use sqlx::PgPool;

use super::rows::ReadModel;
use super::{IndexingError, aside, fit};

/// Where one is built that is only compared.
pub(super) fn beside(place: &Place) -> Place {
    Place::at(place.path().join("verify"))
}

/// The number of a build, whose directory is empty or not. Of other builds only the served one and the one that is to
/// stay do.
pub(super) async fn begin(
    pool: &PgPool,
    place: &Place,
    lock: &Lock,
) -> Result<Build, IndexingError> {
    if let Some(build) = place.leftover()?
        && is_usable(pool, place, build).await?
    {
        sweep_but(place, lock, build)?;
        return Ok(build);
    }
    Ok(empty(place, lock)?)
}

/// Leaves what is to be gone on with, as it is wanted, and nothing else of what was left behind anywhere.
pub(super) fn hear(place: &Place, lock: &Lock, wish: Wish) -> io::Result<()> {
    let kept = if wish.from_kept {
        place.resume_kept(lock)?
    } else {
        None
    };
    place.keep(lock, wish.keep)?;
    let build = match kept {
        Some(kept) => {
            sweep_but(place, lock, kept)?;
            kept
        }
        None => anew(place, lock)?,
    };
    place.rebuild_begun(lock, build)
}

/// Leaves an empty directory to go on with: the files of an earlier build may be damaged, or still hold what was
/// erased since.
pub(super) fn anew(place: &Place, lock: &Lock) -> io::Result<Build> {
    match fs::remove_dir_all(beside(place).path()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => empty(place, lock),
    }
}

fn empty(place: &Place, lock: &Lock) -> io::Result<Build> {
    // Its number is larger than that of every build there is: somebody may still be writing one that was stopped.
    let build = place.begin(lock)?;
    sweep_but(place, lock, build)?;
    Ok(build)
}

fn sweep_but(place: &Place, lock: &Lock, build: Build) -> io::Result<()> {
    let served = place.current()?.into_iter();
    let stay: Vec<Build> = served.chain([build]).collect();
    place.sweep(lock, &stay)
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
