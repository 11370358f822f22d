//! Checks whether an index can continue from its position.

use domain::time::Timestamp;
use event_log::reader::LogReader;
use search::index::IndexCheckpoint;

use super::error::IndexingError;
use super::read_model::{RENUMBERED_REASON, ReadModelState};

/// Checks that an index belongs to this log, uses the read model's numbering, and that the log
/// still contains the event at the index's position.
pub(super) async fn check(
    reader: &LogReader,
    read_model: &ReadModelState,
    index: &IndexCheckpoint,
) -> Result<(), IndexingError> {
    let incompatible = |reason| Err(IndexingError::Incompatible(reason));
    let head = reader.head().await?;
    if *index == IndexCheckpoint::default() {
        return incompatible("is empty");
    }
    if index.log != head.log_id.to_string() {
        return incompatible("belongs to another log");
    }
    if index.numbering != read_model.numbering {
        return incompatible(RENUMBERED_REASON);
    }
    let position = i64::try_from(index.position).unwrap_or(i64::MAX);
    if position > head.position {
        return incompatible("is ahead of the log");
    }
    let time = reader.event_time(position).await?;
    let time = time.map_or(0, Timestamp::millis);
    if position > 0 && time != index.time {
        return incompatible("contains events that are missing from the log");
    }
    Ok(())
}
