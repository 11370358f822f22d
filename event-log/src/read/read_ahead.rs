//! Reads pages ahead of their consumer, so that reading and processing overlap.

use tokio::sync::mpsc;

use super::reader::{EventFilter, EventPage, LogReader};
use super::stream_names::StreamNames;

/// How many pages are read ahead.
const MAX_PAGES_AHEAD: usize = 2;

/// Reads the events after `position` and up to `last` that match a filter, in pages. The channel
/// ends after the page that reaches `last`, or after an error. Reading stops when the receiver is
/// dropped.
pub fn read_pages(
    reader: LogReader,
    filter: EventFilter,
    mut position: i64,
    last: i64,
    page: usize,
) -> mpsc::Receiver<Result<EventPage, sqlx::Error>> {
    let (sender, receiver) = mpsc::channel(MAX_PAGES_AHEAD);
    let limit = i64::try_from(page.max(1)).unwrap_or(i64::MAX);
    tokio::spawn(async move {
        let mut names = StreamNames::default();
        while position < last {
            let page = reader
                .read_page_with_names(&filter, &mut names, position, last, limit)
                .await;
            let scanned_to = page.as_ref().map(|page| page.scanned_to);
            let has_advanced = scanned_to.is_ok_and(|scanned_to| scanned_to > position);
            position = scanned_to.unwrap_or(last);
            // After an error, or a page that does not advance, the channel ends early.
            if sender.send(page).await.is_err() || !has_advanced {
                return;
            }
        }
    });
    receiver
}
