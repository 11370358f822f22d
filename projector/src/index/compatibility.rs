//! Checks whether an index can continue from its position.

use std::path::Path;

use domain::history::{CursorReference, EpochTag};
use domain::time::Timestamp;
use event_log::reader::LogReader;
use search::index::{Index, IndexCheckpoint, verify};
use sqlx::PgPool;

use super::error::IndexingError;
use super::read_model::{ReadModelState, check_numbering};

/// Opens the index in a directory and verifies its checksums. Its files are watched from then on.
pub(super) fn open_intact(directory: &Path) -> Result<(Index, IndexCheckpoint), IndexingError> {
    if !directory.is_dir() {
        return Err(IndexingError::Incompatible("does not exist"));
    }
    let index = Index::open(directory)?;
    index.watch_files()?;
    // Only reading all of it shows whether it is intact.
    verify(directory)?;
    let checkpoint = index.checkpoint()?;
    Ok((index, checkpoint))
}

/// Checks that an index belongs to this log, uses the read model's numbering, and that the log
/// still contains the event at the index's position.
pub(super) async fn check(pool: &PgPool, index: &IndexCheckpoint) -> Result<(), IndexingError> {
    let incompatible = |reason| Err(IndexingError::Incompatible(reason));
    let reader = LogReader::new(pool.clone());
    let read_model = ReadModelState::load(pool).await?;
    let head = reader.head().await?;
    if *index == IndexCheckpoint::default() {
        return incompatible("is empty");
    }
    if index.log != head.log_id.to_string() {
        return incompatible("belongs to another log");
    }
    check_numbering(read_model.numbering, index.numbering)?;
    let position = i64::try_from(index.position).unwrap_or(i64::MAX);
    if position > head.position {
        return incompatible("is ahead of the log");
    }
    let is_in_log = reader.history().await?.contains(cursor(index));
    if position > 0 && (!is_in_log || load_event_time(&reader, position).await? != index.time) {
        return incompatible("contains events that are missing from the log");
    }
    Ok(())
}

/// The cursor of the last event that an index includes.
pub(super) fn cursor(index: &IndexCheckpoint) -> CursorReference {
    CursorReference {
        position: i64::try_from(index.position).unwrap_or(i64::MAX),
        tag: index.tag.map(EpochTag::from_bits),
    }
}

/// Loads the time of the event at a position, as index checkpoints store it: in milliseconds since
/// 1970, or 0 if there is no event.
pub(super) async fn load_event_time(reader: &LogReader, position: i64) -> Result<i64, sqlx::Error> {
    let time = reader.event_time(position).await?;
    Ok(time.map_or(0, Timestamp::millis))
}

/// Separates the reason why an index cannot be used from errors that say nothing about the index,
/// after which the same check may succeed.
pub(super) fn separate_reason<T>(
    checked: Result<T, IndexingError>,
) -> Result<Result<T, String>, IndexingError> {
    match checked {
        Ok(usable) => Ok(Ok(usable)),
        Err(error @ (IndexingError::Database(_) | IndexingError::Io(_))) => Err(error),
        Err(error) => Ok(Err(error.to_string())),
    }
}
