//! Reads the log ahead of the fold, so that the two work at the same time.

use domain::envelope::Envelope;
use event_log::reader::Reader;
use tokio::sync::mpsc;

/// Pages that are read and not yet folded, at most.
const AHEAD: usize = 2;

/// The log from after `position` to `head`, in pages. Reading stops when the receiver is dropped.
pub(super) fn read_ahead(
    reader: Reader,
    mut position: i64,
    head: i64,
    page: usize,
) -> mpsc::Receiver<Result<Vec<Envelope>, sqlx::Error>> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let limit = i64::try_from(page.max(1)).unwrap_or(i64::MAX);
    tokio::spawn(async move {
        while position < head {
            let events = reader.after(position, limit.min(head - position)).await;
            let last = events
                .as_ref()
                .ok()
                .and_then(|events| events.last())
                .map(|event| event.position);
            // Nothing where something must be, or an error: the receiver learns of it by the end.
            if sender.send(events).await.is_err() || last.is_none() {
                return;
            }
            position = last.unwrap_or(head);
        }
    });
    receiver
}
