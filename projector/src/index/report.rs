//! The report of a build: how the new index compares with the one that was served.

use search::index::{BuildNumber, DocumentKey, IndexDigest, IndexView};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;

use event_log::reader::LogReader;

use super::messages::{self, IndexChange, ReadModelState};
use super::writable_index::WritableIndex;
use super::{IndexingError, IndexingOutcome, run_blocking};

/// How many differing messages are listed.
const MAX_DIFFERENCES: usize = 20;

/// The report of a build that has become the served index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildReport {
    /// The build number.
    pub build: BuildNumber,
    /// How many messages the index contained when it became the served one.
    pub messages: u64,
    /// The position up to which it was complete then.
    pub position: u64,
    /// How many messages it took over from the interrupted or kept build that it resumed.
    #[serde(rename = "had")]
    pub resumed: u64,
    /// The comparison with the index that was served; `None` if there was none, or if it was
    /// corrupted or belonged to another log.
    pub comparison: Option<IndexComparison>,
}

/// The comparison of two indexes at the same position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexComparison {
    /// The position up to which both were complete.
    pub position: i64,
    /// The digest of the index that was served.
    pub served: IndexDigest,
    /// The digest of the new index.
    pub built: IndexDigest,
    /// The first messages that differ.
    pub differing: Vec<DifferingMessage>,
}

/// A message that only one of the indexes contains, or that differs between them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DifferingMessage {
    /// The public id of its conversation.
    pub conversation: String,
    /// Its seq in that conversation.
    pub seq: u64,
}

impl IndexComparison {
    /// Whether both indexes are equal.
    pub fn is_equal(&self) -> bool {
        self.served == self.built
    }
}

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
        loop {
            let (served_position, built_position) = (served.position(), built.position());
            let behind = match served_position.cmp(&built_position) {
                std::cmp::Ordering::Less => &mut *served,
                std::cmp::Ordering::Equal => break,
                std::cmp::Ordering::Greater => &mut *built,
            };
            let read_model = ReadModelState::load(pool).await?;
            let target = served_position.max(built_position);
            let outcome = behind.catch_up_to(pool, &read_model, target).await?;
            if outcome == IndexingOutcome::UpToDate {
                return Err(IndexingError::Incompatible("is ahead of the read model"));
            }
        }
        let (position, view) = (served.position(), served.refresh_view().await?);
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

impl WritableIndex {
    /// Builds the report of this index. `resumed` is the number of messages it took over.
    pub async fn report(
        &self,
        resumed: u64,
        comparison: Option<IndexComparison>,
    ) -> Result<BuildReport, IndexingError> {
        self.refresh_view().await?;
        Ok(BuildReport {
            build: self.build,
            messages: self.index.message_count(),
            position: self.checkpoint.position,
            resumed,
            comparison,
        })
    }
}
