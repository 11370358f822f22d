//! Events that other processes wrote. They are applied to the cached aggregates before this process
//! decides or writes anything more.

use domain::envelope::{AggregateKind, Envelope};

use crate::queue::{Queue, Waiting};
use crate::reader::Reader;

/// How many external events are read at a time.
const PAGE: i64 = 1_000;

/// Beyond this lag, invalidating all aggregates and reloading them on use is cheaper than catching
/// up.
const TOO_FAR: i64 = 20_000;

/// A holder of cached aggregates that applies the events of other processes.
pub(crate) trait TakesForeign: Send + Sync {
    /// The kind of its aggregates.
    fn kind(&self) -> AggregateKind;

    /// Applies an event of another process. Called in position order, under the queue's mutex.
    fn take_foreign(&self, waiting: &mut Waiting, event: &Envelope);

    /// Invalidates all cached aggregates, because too many events have been missed.
    fn forget_all(&self, waiting: &mut Waiting);
}

/// Reads the events from the known head up to `head`, and applies them.
pub(crate) async fn catch_up(
    reader: &Reader,
    queue: &Queue,
    sinks: &[std::sync::Arc<dyn TakesForeign>],
    head: i64,
) -> Result<(), sqlx::Error> {
    let mut known = queue.waiting().known;
    if head - known > TOO_FAR || head < known {
        let mut waiting = queue.waiting();
        for sink in sinks {
            sink.forget_all(&mut waiting);
        }
        waiting.known = head;
        return Ok(());
    }
    while known < head {
        let events = reader.after(known, PAGE.min(head - known)).await?;
        let Some(last) = events.last() else { break };
        known = last.position;
        let mut waiting = queue.waiting();
        for event in &events {
            for sink in sinks.iter().filter(|sink| sink.kind() == event.aggregate) {
                sink.take_foreign(&mut waiting, event);
            }
        }
        waiting.known = known;
    }
    Ok(())
}
