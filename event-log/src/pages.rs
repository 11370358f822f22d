//! Reads the log ahead of whoever works on it, so that the two work at the same time.

use tokio::sync::mpsc;

use crate::names::Names;
use crate::reader::{Filter, Page, Reader};

/// Pages that are read and not yet taken, at most.
const AHEAD: usize = 2;

/// What passes a filter, from after `position` to `last`, in pages. Ends with the page that
/// reaches it; reading stops when the receiver is dropped.
pub fn read_ahead(
    reader: Reader,
    filter: Filter,
    mut position: i64,
    last: i64,
    page: usize,
) -> mpsc::Receiver<Result<Page, sqlx::Error>> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let limit = i64::try_from(page.max(1)).unwrap_or(i64::MAX);
    tokio::spawn(async move {
        let mut names = Names::default();
        while position < last {
            let page = reader
                .page_knowing(&filter, &mut names, position, last, limit)
                .await;
            let scanned_to = page.as_ref().map(|page| page.scanned_to);
            let went_on = scanned_to.is_ok_and(|scanned_to| scanned_to > position);
            position = scanned_to.unwrap_or(last);
            // Nothing where something must be, or an error: the receiver learns of it by the end.
            if sender.send(page).await.is_err() || !went_on {
                return;
            }
        }
    });
    receiver
}
