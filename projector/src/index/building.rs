//! A build that is under way while another index serves: filled, then compared, then ready to be served.

use std::sync::Arc;

use search::index::{Lock, Place};
use sqlx::PgPool;
use tokio_util::task::AbortOnDropHandle;

use super::IndexingError;
use super::built::{IndexComparison, SideBySide};
use super::fill::fill;
use super::leftover;
use super::open::OpenIndex;

/// A new index that has everything.
pub(super) struct Filled {
    pub open: OpenIndex,
    /// How many messages it had from a build that was broken off.
    pub had: u64,
}

/// Fills a new index, or goes on with one, and brings it to where the read models are. Tells now and then how many
/// messages of how many are in.
pub(super) async fn build(
    pool: &PgPool,
    place: &Place,
    lock: &Lock,
    on_progress: impl Fn(u64, u64) + Send,
) -> Result<Filled, IndexingError> {
    let number = leftover::begin(pool, place, lock).await?;
    tracing::info!(build = number, "filling a search index");
    let had = fill(pool.clone(), place.directory(number), on_progress).await?;
    let mut open = OpenIndex::open(place, number).await?;
    open.catch_up(pool).await?;
    Ok(Filled { open, had })
}

/// What a build is at. It stops if it is dropped; its directory stays, and can be gone on with.
pub(super) enum Building {
    Filling(AbortOnDropHandle<Result<Filled, IndexingError>>),
    Comparing {
        filled: Box<Filled>,
        task: AbortOnDropHandle<Result<IndexComparison, IndexingError>>,
    },
}

impl Building {
    /// Goes on with what was left behind, or begins anew if that is of no use.
    pub fn begin(pool: PgPool, place: Place, lock: Arc<Lock>) -> Self {
        Self::Filling(AbortOnDropHandle::new(tokio::spawn(async move {
            build(&pool, &place, &lock, |_, _| ()).await
        })))
    }

    /// Beside the one that is served, which goes on following the log meanwhile.
    pub async fn compare(
        pool: &PgPool,
        served: &mut OpenIndex,
        mut filled: Box<Filled>,
    ) -> Result<Self, IndexingError> {
        let sides = SideBySide::of(pool, served, &mut filled.open).await?;
        let task = AbortOnDropHandle::new(tokio::spawn(sides.compare(pool.clone())));
        Ok(Self::Comparing { filled, task })
    }

    /// Takes in what has changed since it was filled, so that little is left to do when it is to be served.
    pub async fn follow(&mut self, pool: &PgPool) -> Result<(), IndexingError> {
        match self {
            Self::Filling(_) => Ok(()),
            Self::Comparing { filled, .. } => filled.open.catch_up(pool).await,
        }
    }

    pub fn is_at_an_end(&self) -> bool {
        match self {
            Self::Filling(task) => task.is_finished(),
            Self::Comparing { task, .. } => task.is_finished(),
        }
    }

    /// Whoever sweeps builds away must know that none is begun meanwhile.
    pub async fn stop(self) {
        match self {
            Self::Filling(task) => {
                task.abort();
                drop(task.await);
            }
            Self::Comparing { task, .. } => task.abort(),
        }
    }
}
