//! An index that is open for writing: the served one, or a build that is to replace it.

use std::path::PathBuf;

use event_log::reader::LogReader;
use search::index::{BuildNumber, Index, IndexCheckpoint, IndexDir, IndexView, SearchIndexWriter};
use sqlx::PgPool;

use super::blocking::run_blocking;
use super::compatibility;
use super::error::IndexingError;
use super::messages::{self, IndexChange};
use super::outcome::IndexingOutcome;
use super::read_model::{ReadModelState, check_numbering};
use super::report::{BuildReport, IndexComparison};

/// The maximum number of events in one commit.
const MAX_COMMIT_EVENTS: i64 = 20_000;

/// An index together with its only writer.
pub(super) struct WritableIndex {
    pub build: BuildNumber,
    pub directory: PathBuf,
    pub index: Index,
    pub checkpoint: IndexCheckpoint,
    /// `None` during a commit, and after a failed one.
    writer: Option<SearchIndexWriter>,
}

impl WritableIndex {
    /// Opens a completely filled build, after verifying its checksums.
    pub async fn open(index_dir: &IndexDir, build: BuildNumber) -> Result<Self, IndexingError> {
        let directory = index_dir.build_path(build);
        run_blocking(move || {
            let (index, checkpoint) = compatibility::open_intact(&directory)?;
            if checkpoint.filled.is_some() {
                return Err(IndexingError::Incompatible("is not completely filled"));
            }
            Ok(Self {
                writer: Some(index.writer()?),
                build,
                directory,
                index,
                checkpoint,
            })
        })
        .await
    }

    /// Opens the served index if it exists and can continue from its position; otherwise returns
    /// the reason why it cannot be used.
    pub async fn open_served(
        pool: &PgPool,
        index_dir: &IndexDir,
    ) -> Result<Result<Self, String>, IndexingError> {
        let Some(build) = index_dir.current_build()? else {
            return Ok(Err("no search index exists".to_owned()));
        };
        let opened = async {
            let open = Self::open(index_dir, build).await?;
            compatibility::check(pool, &open.checkpoint).await?;
            Ok(open)
        };
        compatibility::separate_reason(opened.await)
    }

    /// The position up to which the index is complete.
    pub fn position(&self) -> i64 {
        i64::try_from(self.checkpoint.position).unwrap_or(i64::MAX)
    }

    /// Indexes the changes up to `up_to` or the position of the read model, with the current
    /// content of each message. One call commits a bounded number of events.
    pub async fn catch_up_to(
        &mut self,
        pool: &PgPool,
        read_model: &ReadModelState,
        up_to: i64,
    ) -> Result<IndexingOutcome, IndexingError> {
        check_numbering(read_model.numbering, self.checkpoint.numbering)?;
        let reader = LogReader::new(pool.clone());
        let history = reader.history().await?;
        if !history.contains(compatibility::cursor(&self.checkpoint)) {
            let reason = "contains events that are missing from the log";
            return Err(IndexingError::Incompatible(reason));
        }
        let (from, up_to) = (self.position(), up_to.min(read_model.position));
        if up_to <= from {
            return Ok(IndexingOutcome::UpToDate);
        }
        let to = up_to.min(from + MAX_COMMIT_EVENTS);
        let changed_messages = reader.changed_messages(from, to).await?;
        let (numbering, changes) = messages::load_changes(pool, &changed_messages).await?;
        if !changes.is_empty() {
            check_numbering(numbering, self.checkpoint.numbering)?;
        }
        let checkpoint = IndexCheckpoint {
            position: to.unsigned_abs(),
            tag: Some(history.tag_at(to).to_bits()),
            time: compatibility::load_event_time(&reader, to).await?,
            ..self.checkpoint.clone()
        };
        self.commit(changes, from.unsigned_abs(), checkpoint)
            .await?;
        Ok(IndexingOutcome::Advanced {
            position: to.unsigned_abs(),
            has_more: to < up_to,
        })
    }

    /// Indexes all changes up to this position. Fails if the read model has not reached it.
    pub async fn advance_to(&mut self, pool: &PgPool, position: i64) -> Result<(), IndexingError> {
        while self.position() < position {
            let read_model = ReadModelState::load(pool).await?;
            let outcome = self.catch_up_to(pool, &read_model, position).await?;
            if outcome == IndexingOutcome::UpToDate {
                return Err(IndexingError::Incompatible("is ahead of the read model"));
            }
        }
        Ok(())
    }

    /// Indexes all changes up to the position of the read model.
    pub async fn catch_up(&mut self, pool: &PgPool) -> Result<(), IndexingError> {
        loop {
            let read_model = ReadModelState::load(pool).await?;
            let outcome = self
                .catch_up_to(pool, &read_model, read_model.position)
                .await?;
            if !matches!(outcome, IndexingOutcome::Advanced { has_more: true, .. }) {
                return Ok(());
            }
        }
    }

    async fn commit(
        &mut self,
        changes: Vec<IndexChange>,
        from: u64,
        checkpoint: IndexCheckpoint,
    ) -> Result<(), IndexingError> {
        let Some(mut writer) = self.writer.take() else {
            return Err(IndexingError::Panicked);
        };
        let committed = checkpoint.clone();
        let writer = run_blocking(move || {
            apply_changes(&writer, &changes, from)?;
            writer.commit(&committed)?;
            Ok(writer)
        })
        .await?;
        self.writer = Some(writer);
        self.checkpoint = checkpoint;
        Ok(())
    }

    /// Refreshes the index and returns a view of its latest commit.
    pub async fn refresh_view(&self) -> Result<IndexView, IndexingError> {
        let index = self.index.clone();
        run_blocking(move || {
            index.refresh()?;
            Ok(index.view())
        })
        .await
    }

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

/// Removes the old versions of changed messages and adds the new ones. A message that was sent
/// after `from` has no old version.
fn apply_changes(
    writer: &SearchIndexWriter,
    changes: &[IndexChange],
    from: u64,
) -> Result<(), IndexingError> {
    let old_keys = changes.iter().filter_map(|change| match change {
        IndexChange::Upsert(message) => {
            (message.position <= from).then_some((message.conversation, message.seq))
        }
        IndexChange::Remove { conversation, seq } => Some((*conversation, *seq)),
    });
    writer.remove(old_keys)?;
    for change in changes {
        if let IndexChange::Upsert(message) = change {
            writer.add(message)?;
        }
    }
    Ok(())
}
