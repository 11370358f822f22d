//! Whether an index goes on from where it is.

use domain::time::Timestamp;
use event_log::reader::Reader;
use search::index::Checkpoint;

use super::IndexingError;
use super::rows::{RENUMBERED, ReadModel};

/// An index is fit if it is of this log, of the read models' numbering, and if the log still has the
/// event up to which it is complete.
pub(super) async fn check(
    reader: &Reader,
    read_model: &ReadModel,
    index: &Checkpoint,
) -> Result<(), IndexingError> {
    let unfit = |why| Err(IndexingError::Unfit(why));
    let head = reader.head().await?;
    if *index == Checkpoint::default() {
        return unfit("is empty");
    }
    if index.log != head.log_id.to_string() {
        return unfit("is of another log");
    }
    if index.numbering != read_model.numbering {
        return unfit(RENUMBERED);
    }
    let position = i64::try_from(index.position).unwrap_or(i64::MAX);
    if position > head.position {
        return unfit("is ahead of the log");
    }
    let time = reader.time_of(position).await?;
    let time = time.map_or(0, Timestamp::millis);
    if position > 0 && time != index.time {
        return unfit("has events that the log has lost");
    }
    Ok(())
}
