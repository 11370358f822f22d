//! Reads the search index and follows its commits and rebuilds, which other processes make.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use event_log::reader::LogReader;
use search::index::{BuildNumber, Index, IndexCheckpoint, IndexDir, IndexError};
use tokio_util::sync::CancellationToken;

use super::scope::Known;
use crate::failed::Failed;
use crate::watermark::Watermark;

/// How often to check for a commit.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How often to check for a commit while a request waits for one.
const LOOK_EAGERLY: Duration = Duration::from_millis(10);

/// A reader that follows the index. Cheap to clone.
#[derive(Clone)]
pub struct Served(Arc<Shared>);

struct Shared {
    place: IndexDir,
    reader: LogReader,
    open: RwLock<Option<Arc<Open>>>,
    watermark: Watermark,
    known: Known,
}

/// An open index, at least as new as its checkpoint.
pub(super) struct Open {
    build: BuildNumber,
    meta: Stamp,
    pub index: Index,
    pub checkpoint: IndexCheckpoint,
}

/// The inode and modification time of the index's `meta.json`, which every commit replaces.
type Stamp = (u64, i64, i64);

impl Served {
    /// Creates a reader of the index in a directory. A request waits for a position for at most
    /// `timeout`.
    pub fn new(place: IndexDir, reader: LogReader, timeout: Duration) -> Self {
        Self(Arc::new(Shared {
            place,
            reader,
            open: RwLock::default(),
            watermark: Watermark::new(timeout),
            known: Known::default(),
        }))
    }

    /// The known position of the index.
    pub fn watermark(&self) -> &Watermark {
        &self.0.watermark
    }

    /// The cached visibility of users with many conversations.
    pub(super) fn known(&self) -> &Known {
        &self.0.known
    }

    /// Returns the open index; an error if there is none for this log.
    pub(super) fn open(&self) -> Result<Arc<Open>, Failed> {
        let open = self.0.open.read().unwrap_or_else(PoisonError::into_inner);
        open.clone().ok_or(Failed::NoIndex)
    }

    /// Opens the index again if it has changed. If it has not, or if it cannot be read, the open
    /// one stays in use: its files remain readable even after they are deleted.
    pub async fn look(&self) -> Result<(), Failed> {
        let known = self.open().ok();
        let place = self.0.place.clone();
        let refresh = tokio::task::spawn_blocking(move || look(&place, known.as_deref()));
        let open = match refresh.await.map_err(|_| Failed::IndexPanicked)?? {
            Seen::TheSame => return Ok(()),
            Seen::Nothing => return Err(Failed::NoIndex),
            Seen::New(open) => self.of_this_log(*open).await?,
        };
        self.reached(&open.checkpoint);
        let opened = Some(Arc::new(open));
        *self.0.open.write().unwrap_or_else(PoisonError::into_inner) = opened;
        Ok(())
    }

    fn reached(&self, checkpoint: &IndexCheckpoint) {
        let position = i64::try_from(checkpoint.position).unwrap_or(i64::MAX);
        if position < self.0.watermark.known() {
            self.0.watermark.fell_back_to(position);
        } else {
            self.0.watermark.observe(position);
        }
    }

    async fn of_this_log(&self, open: Open) -> Result<Open, Failed> {
        let log = self.0.reader.head().await?.log_id.to_string();
        if open.checkpoint.log == log {
            Ok(open)
        } else {
            Err(Failed::NoIndex)
        }
    }
}

enum Seen {
    TheSame,
    Nothing,
    New(Box<Open>),
}

fn look(place: &IndexDir, known: Option<&Open>) -> Result<Seen, IndexError> {
    let Some(build) = place.current_build()? else {
        return Ok(Seen::Nothing);
    };
    let directory = place.build_path(build);
    let meta = match stamp(&directory) {
        Ok(meta) => meta,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Seen::Nothing),
        Err(error) => return Err(error.into()),
    };
    let index = match known {
        Some(known) if known.build == build && known.meta == meta => return Ok(Seen::TheSame),
        Some(known) if known.build == build => known.index.clone(),
        _ => Index::open(&directory)?,
    };
    let checkpoint = index.refresh()?;
    Ok(Seen::New(Box::new(Open {
        build,
        meta,
        index,
        checkpoint,
    })))
}

fn stamp(directory: &Path) -> io::Result<Stamp> {
    let meta = fs::metadata(directory.join("meta.json"))?;
    Ok((meta.ino(), meta.mtime(), meta.mtime_nsec()))
}

/// Follows the index until `shutdown` is cancelled.
pub async fn follow(reader: Served, shutdown: CancellationToken) {
    let mut was_ok = true;
    loop {
        let result = reader.look().await;
        if let Err(error) = &result
            && was_ok
        {
            tracing::warn!(%error, "Could not read the search index; new messages are not found until it is readable.");
        }
        was_ok = result.is_ok();
        let pause = if reader.watermark().is_awaited() {
            LOOK_EAGERLY
        } else {
            LOOK_EVERY
        };
        let sleep = tokio::time::sleep(pause);
        if shutdown.run_until_cancelled(sleep).await.is_none() {
            return;
        }
    }
}
