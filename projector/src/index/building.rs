//! A build that runs while another index is served: it is filled, then compared, then ready to be
//! served.

use std::sync::Arc;

use search::index::{IndexDir, WriterLock};
use sqlx::PgPool;
use tokio_util::task::AbortOnDropHandle;

use super::IndexingError;
use super::built::{IndexComparison, SideBySide};
use super::fill::fill;
use super::leftover;
use super::open::OpenIndex;

/// A new index that contains all messages.
pub(super) struct Filled {
    pub open: OpenIndex,
    /// How many messages it took over from the build that it resumed.
    pub had: u64,
}

/// Fills a new index or resumes a build, then brings it to the position of the read model.
/// `on_progress` gets the number of messages indexed so far and about how many there are.
pub(super) async fn build(
    pool: &PgPool,
    index_dir: &IndexDir,
    lock: &WriterLock,
    on_progress: impl Fn(u64, u64) + Send,
) -> Result<Filled, IndexingError> {
    let number = leftover::begin(pool, index_dir, lock).await?;
    tracing::info!(build = number, "filling a search index");
    let resumed = fill(pool.clone(), index_dir.build_path(number), on_progress).await?;
    let mut open = OpenIndex::open(index_dir, number).await?;
    open.catch_up(pool).await?;
    Ok(Filled { open, had: resumed })
}

/// The phase of a build. Dropping it stops the build; its directory stays and can be resumed.
pub(super) enum Building {
    Filling(AbortOnDropHandle<Result<Filled, IndexingError>>),
    Comparing {
        filled: Box<Filled>,
        task: AbortOnDropHandle<Result<IndexComparison, IndexingError>>,
    },
}

impl Building {
    /// Resumes an interrupted build, or starts from scratch if that is not possible.
    pub fn begin(pool: PgPool, index_dir: IndexDir, lock: Arc<WriterLock>) -> Self {
        Self::Filling(AbortOnDropHandle::new(tokio::spawn(async move {
            build(&pool, &index_dir, &lock, |_, _| ()).await
        })))
    }

    /// Starts the comparison with the served index, which keeps following the log during it.
    pub async fn compare(
        pool: &PgPool,
        served: &mut OpenIndex,
        mut filled: Box<Filled>,
    ) -> Result<Self, IndexingError> {
        let pair = SideBySide::of(pool, served, &mut filled.open).await?;
        let task = AbortOnDropHandle::new(tokio::spawn(pair.compare(pool.clone())));
        Ok(Self::Comparing { filled, task })
    }

    /// Indexes the changes since the build was filled, so that little is left to do before it is
    /// served.
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

    /// Stops the build and waits until it can no longer create a directory, so that old builds can
    /// be removed safely.
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
