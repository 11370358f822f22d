//! What other processes wrote. Before anything more is decided or written here, their events are
//! applied to the slots that hold those aggregates.

use domain::envelope::{AggregateKind, Envelope};

use crate::queue::{Queue, Waiting};
use crate::reader::Reader;

/// How many foreign events are read at once.
const PAGE: i64 = 1_000;

/// Further behind than this, reading everything costs more than loading what is used again.
const TOO_FAR: i64 = 20_000;

/// Somewhere that holds states.
pub(crate) trait TakesForeign: Send + Sync {
    /// Whose states.
    fn kind(&self) -> AggregateKind;

    /// An event of another process. Called in order of positions, under the queue's mutex.
    fn take_foreign(&self, waiting: &mut Waiting, event: &Envelope);

    /// Too much has happened: nothing that is held is valid any more.
    fn forget_all(&self, waiting: &mut Waiting);
}

/// Reads on from what is known up to `head`, and takes it in.
pub(crate) async fn catch_up(
    reader: &Reader,
    queue: &Queue,
    takers: &[std::sync::Arc<dyn TakesForeign>],
    head: i64,
) -> Result<(), sqlx::Error> {
    let mut known = queue.waiting().known;
    if head - known > TOO_FAR || head < known {
        let mut waiting = queue.waiting();
        for taker in takers {
            taker.forget_all(&mut waiting);
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
            for taker in takers
                .iter()
                .filter(|taker| taker.kind() == event.aggregate)
            {
                taker.take_foreign(&mut waiting, event);
            }
        }
        waiting.known = known;
    }
    Ok(())
}
