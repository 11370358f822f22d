//! The comparison of the index that is served with the one that is to replace it.

use event_log::reader::LogReader;
use search::index::{DocumentKey, IndexView};
use sqlx::PgPool;

use super::blocking::run_blocking;
use super::error::IndexingError;
use super::messages::{self, IndexChange};
use super::read_model::ReadModelState;
use super::report::IndexComparison;
use super::writable_index::WritableIndex;

/// How many differing messages are listed.
const MAX_DIFFERENCES: usize = 20;

/// Two indexes at the same position, ready to be compared.
pub(super) struct IndexPair {
    position: i64,
    served: IndexView,
    built: IndexView,
    /// Messages that changed after that position, which the comparison excludes. An index stores
    /// the current content of a message, so one of the two may already have a later version.
    changed: Vec<IndexChange>,
}

impl IndexPair {
    /// Brings the index that is behind to the position of the other one.
    pub async fn align(
        pool: &PgPool,
        served: &mut WritableIndex,
        built: &mut WritableIndex,
    ) -> Result<Self, IndexingError> {
        let position = served.position().max(built.position());
        served.advance_to(pool, position).await?;
        built.advance_to(pool, position).await?;
        let view = served.refresh_view().await?;
        Self::from_views(pool, position, view, built.refresh_view().await?).await
    }

    /// Pairs two views that are both at this position.
    pub async fn from_views(
        pool: &PgPool,
        position: i64,
        served: IndexView,
        built: IndexView,
    ) -> Result<Self, IndexingError> {
        // Neither index can contain changes later than the current position of the read model.
        let now = ReadModelState::load(pool).await?.position;
        let changed_messages = LogReader::new(pool.clone())
            .changed_messages(position, now)
            .await?;
        let (_, changed) = messages::load_changes(pool, &changed_messages).await?;
        Ok(Self {
            position,
            served,
            built,
            changed,
        })
    }

    /// Compares the two and lists the first differing messages.
    pub async fn compare(self, pool: PgPool) -> Result<IndexComparison, IndexingError> {
        let position = self.position;
        let comparison = run_blocking(move || {
            let excluded = self.changed.iter().map(IndexChange::key).collect();
            Ok(self
                .served
                .compare(&self.built, &excluded, MAX_DIFFERENCES)?)
        })
        .await?;
        let differing: Vec<DocumentKey> = comparison.differing.into_iter().collect();
        Ok(IndexComparison {
            position,
            served: comparison.one,
            built: comparison.other,
            differing: messages::resolve_names(&pool, &differing).await?,
        })
    }
}
