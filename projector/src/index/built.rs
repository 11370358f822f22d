//! What came of a build: how it compares with the index that was served.

use search::index::{Build, Digest, Key, View};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;

use event_log::reader::Reader;

use super::open::OpenIndex;
use super::rows::{self, Now, ReadModel};
use super::{Indexed, IndexingError, aside};

/// Messages that are named, at most.
const NAMED: usize = 20;

/// A build that is served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Built {
    /// Which one.
    pub build: Build,
    /// How many messages it had when it began to be served.
    pub messages: u64,
    /// Up to where it was complete then.
    pub position: u64,
    /// How many messages it had from a build that was broken off, and that it went on with.
    pub had: u64,
    /// How it compares with what was served; nothing if there was none, or a damaged one, or one of another log.
    pub comparison: Option<IndexComparison>,
}

/// Two indexes at one position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexComparison {
    /// Up to where both were complete.
    pub position: i64,
    /// The one that was served.
    pub served: Digest,
    /// The one that was built.
    pub built: Digest,
    /// The first messages that are not the same in both.
    pub differing: Vec<DifferingMessage>,
}

/// A message that one index has and the other has not, or has otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DifferingMessage {
    /// Where it is.
    pub conversation: String,
    /// Its number there.
    pub seq: u64,
}

impl IndexComparison {
    /// Whether both say the same.
    pub fn is_equal(&self) -> bool {
        self.served == self.built
    }
}

/// The two as they are at one position.
pub(super) struct SideBySide {
    position: i64,
    served: View,
    built: View,
    /// Messages that have changed after that position: an index takes them in as they are now, so one of the two may
    /// have them in a later form.
    changed: Vec<Now>,
}

impl SideBySide {
    /// Brings both to the position of the one that is further.
    pub async fn of(
        pool: &PgPool,
        served: &mut OpenIndex,
        built: &mut OpenIndex,
    ) -> Result<Self, IndexingError> {
        loop {
            let (here, there) = (served.position(), built.position());
            let behind = match here.cmp(&there) {
                std::cmp::Ordering::Less => &mut *served,
                std::cmp::Ordering::Equal => break,
                std::cmp::Ordering::Greater => &mut *built,
            };
            let read_model = ReadModel::look(pool).await?;
            let taken = behind.take_in(pool, &read_model, here.max(there)).await?;
            if taken == Indexed::Nothing {
                return Err(IndexingError::Unfit("is ahead of the read models"));
            }
        }
        let (position, view) = (served.position(), served.view().await?);
        Self::at(pool, position, view, built.view().await?).await
    }

    /// Both are at this position.
    pub async fn at(
        pool: &PgPool,
        position: i64,
        served: View,
        built: View,
    ) -> Result<Self, IndexingError> {
        // Whatever the two have seen of the read models, those had it by now.
        let now = ReadModel::look(pool).await?.position;
        let touched = Reader::new(pool.clone()).touched(position, now).await?;
        let (_, changed) = rows::changed(pool, &touched).await?;
        Ok(Self {
            position,
            served,
            built,
            changed,
        })
    }

    /// Compares them, and names what differs.
    pub async fn compare(self, pool: PgPool) -> Result<IndexComparison, IndexingError> {
        let position = self.position;
        let compared = aside(move || {
            let left_out = self.changed.iter().map(Now::key).collect();
            Ok(self.served.compare(&self.built, &left_out, NAMED)?)
        })
        .await?;
        let differing: Vec<Key> = compared.differing.into_iter().collect();
        Ok(IndexComparison {
            position,
            served: compared.one,
            built: compared.other,
            differing: rows::named(&pool, &differing).await?,
        })
    }
}

impl OpenIndex {
    /// What is to be told of it.
    pub async fn built(
        &self,
        had: u64,
        comparison: Option<IndexComparison>,
    ) -> Result<Built, IndexingError> {
        self.view().await?;
        Ok(Built {
            build: self.build,
            messages: self.index.messages(),
            position: self.checkpoint.position,
            had,
            comparison,
        })
    }
}
