//! Events that other processes wrote. They are applied to the cached aggregates before this process
//! decides or writes anything more.

use std::sync::Arc;

use domain::envelope::{AggregateKind, Envelope};
use sqlx::PgConnection;

use super::queue::AppendQueue;
use crate::read::reader;
use crate::read::stream_names::StreamNames;

/// How many external events are read at a time.
const PAGE_LIMIT: i64 = 1_000;

/// Beyond this lag, invalidating all aggregates and reloading them on use is cheaper than catching
/// up.
const MAX_CATCH_UP_EVENTS: i64 = 20_000;

/// A holder of cached aggregates that applies the events of other processes.
pub(crate) trait ExternalEventSink: Send + Sync {
    /// The kind of its aggregates.
    fn aggregate_kind(&self) -> AggregateKind;

    /// Applies an event of another process. Called in position order, under the queue's mutex.
    fn apply_external(&self, event: &Envelope);

    /// Invalidates all cached aggregates, because too many events have been missed. Called under
    /// the queue's mutex.
    fn invalidate_all(&self);
}

/// Invalidates all cached aggregates and continues from `head`.
pub(crate) fn forget(queue: &AppendQueue, sinks: &[Arc<dyn ExternalEventSink>], head: i64) {
    queue.advance_known_head(head, || {
        for sink in sinks {
            sink.invalidate_all();
        }
    });
}

/// Reads the events from the known head up to `head`, and applies them. The known head must belong
/// to the history of this session.
pub(crate) async fn catch_up(
    connection: &mut PgConnection,
    queue: &AppendQueue,
    sinks: &[Arc<dyn ExternalEventSink>],
    head: i64,
) -> Result<(), sqlx::Error> {
    let mut known = queue.known_head();
    if head - known > MAX_CATCH_UP_EVENTS {
        forget(queue, sinks, head);
        return Ok(());
    }
    let mut names = StreamNames::default();
    while known < head {
        let limit = PAGE_LIMIT.min(head - known);
        let events = reader::read_after(connection, &mut names, known, limit).await?;
        let Some(last) = events.last() else { break };
        known = last.position;
        queue.advance_known_head(known, || {
            for event in &events {
                for sink in sinks
                    .iter()
                    .filter(|sink| sink.aggregate_kind() == event.aggregate)
                {
                    sink.apply_external(event);
                }
            }
        });
    }
    Ok(())
}
