//! Reads the search index and follows its commits and rebuilds, which other processes make.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use domain::history::{CursorReference, EpochTag};
use event_log::reader::LogReader;
use search::index::{BuildNumber, Index, IndexCheckpoint, IndexDir, IndexError};
use tokio_util::sync::CancellationToken;

use super::scope::VisibilityCache;
use crate::consistency::watermark::Watermark;
use crate::error::QueryError;

/// How often to check for a commit.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// How often to check for a commit while a request waits for one.
const WAITER_POLL_INTERVAL: Duration = Duration::from_millis(10);

/// A reader that follows the index. Cheap to clone.
#[derive(Clone)]
pub struct IndexReader(Arc<Inner>);

struct Inner {
    dir: IndexDir,
    reader: LogReader,
    snapshot: RwLock<Option<Arc<IndexSnapshot>>>,
    watermark: Watermark,
    visibility_cache: VisibilityCache,
}

/// An open index, at least as new as its checkpoint.
pub(super) struct IndexSnapshot {
    build: BuildNumber,
    meta_version: MetaFileVersion,
    pub index: Index,
    pub checkpoint: IndexCheckpoint,
}

/// The inode and modification time of the index's `meta.json`, which every commit replaces.
type MetaFileVersion = (u64, i64, i64);

impl IndexReader {
    /// Creates a reader of the index in a directory. A request waits for a position for at most
    /// `timeout`.
    pub fn new(dir: IndexDir, reader: LogReader, timeout: Duration) -> Self {
        Self(Arc::new(Inner {
            dir,
            reader,
            snapshot: RwLock::default(),
            watermark: Watermark::new(timeout),
            visibility_cache: VisibilityCache::default(),
        }))
    }

    /// The known position of the index.
    pub fn watermark(&self) -> &Watermark {
        &self.0.watermark
    }

    /// The cached visibility of users with many conversations.
    pub(super) fn visibility_cache(&self) -> &VisibilityCache {
        &self.0.visibility_cache
    }

    /// Returns the open index; an error if there is none for this log.
    pub(super) fn snapshot(&self) -> Result<Arc<IndexSnapshot>, QueryError> {
        let open = self
            .0
            .snapshot
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        open.clone().ok_or(QueryError::NoIndex)
    }

    /// Opens the index again if it has changed. If it has not, or if it cannot be read, the open
    /// one stays in use: its files remain readable even after they are deleted.
    pub async fn refresh(&self) -> Result<(), QueryError> {
        let known = self.snapshot().ok();
        let dir = self.0.dir.clone();
        let refresh = tokio::task::spawn_blocking(move || open_if_changed(&dir, known.as_deref()));
        let open = match refresh.await.map_err(|_| QueryError::IndexPanicked)?? {
            RefreshOutcome::Unchanged => return Ok(()),
            RefreshOutcome::Missing => return Err(QueryError::NoIndex),
            RefreshOutcome::Opened(open) => self.verify_log(*open).await?,
        };
        self.record_checkpoint(&open.checkpoint);
        let opened = Some(Arc::new(open));
        *self
            .0
            .snapshot
            .write()
            .unwrap_or_else(PoisonError::into_inner) = opened;
        Ok(())
    }

    fn record_checkpoint(&self, checkpoint: &IndexCheckpoint) {
        let position = i64::try_from(checkpoint.position).unwrap_or(i64::MAX);
        if position < self.0.watermark.position() {
            self.0.watermark.reset(position);
        } else {
            self.0.watermark.observe(position);
        }
    }

    /// Refuses the index of another log, and one whose last event this log does not have: it was
    /// restored, or lost events, and the indexer has not noticed yet.
    async fn verify_log(&self, open: IndexSnapshot) -> Result<IndexSnapshot, QueryError> {
        let IndexCheckpoint {
            position, tag, log, ..
        } = &open.checkpoint;
        let cursor = CursorReference {
            position: i64::try_from(*position).unwrap_or(i64::MAX),
            tag: tag.map(EpochTag::from_bits),
        };
        let reader = &self.0.reader;
        let head = reader.head().await?;
        // A restored log begins its new epoch only when it is opened: until then, its history says
        // nothing about positions beyond its head.
        if *log == head.log_id.to_string()
            && cursor.position <= head.position
            && reader.history().await?.contains(cursor)
        {
            Ok(open)
        } else {
            Err(QueryError::NoIndex)
        }
    }
}

enum RefreshOutcome {
    Unchanged,
    Missing,
    Opened(Box<IndexSnapshot>),
}

fn open_if_changed(
    dir: &IndexDir,
    known: Option<&IndexSnapshot>,
) -> Result<RefreshOutcome, IndexError> {
    let Some(build) = dir.current_build()? else {
        return Ok(RefreshOutcome::Missing);
    };
    let build_dir = dir.build_path(build);
    let meta = match meta_file_version(&build_dir) {
        Ok(meta) => meta,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(RefreshOutcome::Missing);
        }
        Err(error) => return Err(error.into()),
    };
    let index = match known {
        Some(known) if known.build == build && known.meta_version == meta => {
            return Ok(RefreshOutcome::Unchanged);
        }
        Some(known) if known.build == build => known.index.clone(),
        _ => Index::open(&build_dir)?,
    };
    let checkpoint = index.refresh()?;
    Ok(RefreshOutcome::Opened(Box::new(IndexSnapshot {
        build,
        meta_version: meta,
        index,
        checkpoint,
    })))
}

fn meta_file_version(build_dir: &Path) -> io::Result<MetaFileVersion> {
    let meta = fs::metadata(build_dir.join("meta.json"))?;
    Ok((meta.ino(), meta.mtime(), meta.mtime_nsec()))
}

/// Follows the index until `shutdown` is cancelled.
pub async fn follow(reader: IndexReader, shutdown: CancellationToken) {
    let mut was_ok = true;
    loop {
        let result = reader.refresh().await;
        match &result {
            Err(QueryError::NoIndex) if was_ok => tracing::info!(
                "There is no search index yet: it is being built, and searches answer 503 until then."
            ),
            Err(error) if was_ok => tracing::warn!(
                %error,
                "Could not read the search index; new messages are not found until it is readable."
            ),
            Ok(()) if !was_ok => tracing::info!("The search index can be read."),
            _ => {}
        }
        was_ok = result.is_ok();
        let pause = if reader.watermark().has_waiters() {
            WAITER_POLL_INTERVAL
        } else {
            POLL_INTERVAL
        };
        let sleep = tokio::time::sleep(pause);
        if shutdown.run_until_cancelled(sleep).await.is_none() {
            return;
        }
    }
}
