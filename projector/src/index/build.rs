//! A build that runs while another index is served: it is filled, then compared, then ready to be
//! served.

use std::sync::Arc;

use sqlx::PgPool;
use tokio_util::task::AbortOnDropHandle;

use super::build_files::WriterGuard;
use super::error::IndexingError;
use super::fill::fill;
use super::index_pair::IndexPair;
use super::report::IndexComparison;
use super::resume;
use super::writable_index::WritableIndex;

/// A new index that contains all messages.
pub(super) struct FilledIndex {
    pub index: WritableIndex,
    /// How many messages it took over from the build that it resumed.
    pub resumed: u64,
}

/// Fills a new index or resumes a build, then brings it to the position of the read model.
/// `on_progress` gets the number of messages indexed so far and about how many there are.
pub(super) async fn build(
    pool: &PgPool,
    writer: &WriterGuard,
    on_progress: impl Fn(u64, u64) + Send,
) -> Result<FilledIndex, IndexingError> {
    let number = resume::prepare_build(pool, writer).await?;
    tracing::info!(build = number, "filling a search index");
    let index_dir = writer.builds().dir();
    let resumed = fill(pool.clone(), index_dir.build_path(number), on_progress).await?;
    let mut index = WritableIndex::open(index_dir, number).await?;
    index.catch_up(pool).await?;
    Ok(FilledIndex { index, resumed })
}

/// The phase of a build. Dropping it stops the build; its directory stays and can be resumed.
pub(super) enum IndexBuild {
    Filling(AbortOnDropHandle<Result<FilledIndex, IndexingError>>),
    Comparing {
        filled: Box<FilledIndex>,
        task: AbortOnDropHandle<Result<IndexComparison, IndexingError>>,
    },
}

impl IndexBuild {
    /// Resumes an interrupted build, or starts from scratch if that is not possible.
    pub fn start(pool: PgPool, writer: Arc<WriterGuard>) -> Self {
        Self::Filling(AbortOnDropHandle::new(tokio::spawn(async move {
            build(&pool, &writer, |_, _| ()).await
        })))
    }

    /// Starts the comparison with the served index, which keeps following the log during it.
    pub async fn compare(
        pool: &PgPool,
        served: &mut WritableIndex,
        mut filled: Box<FilledIndex>,
    ) -> Result<Self, IndexingError> {
        let pair = IndexPair::align(pool, served, &mut filled.index).await?;
        let task = AbortOnDropHandle::new(tokio::spawn(pair.compare(pool.clone())));
        Ok(Self::Comparing { filled, task })
    }

    /// Indexes the changes since the build was filled, so that little is left to do before it is
    /// served.
    pub async fn catch_up(&mut self, pool: &PgPool) -> Result<(), IndexingError> {
        match self {
            Self::Filling(_) => Ok(()),
            Self::Comparing { filled, .. } => filled.index.catch_up(pool).await,
        }
    }

    pub fn is_finished(&self) -> bool {
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
