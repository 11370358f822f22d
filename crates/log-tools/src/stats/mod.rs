//! The number and size of events by type, time and conversation.
//!
//! - `counts`: counts events. `text_report`, `html_report`: show the result.

mod counts;
mod html_report;
mod text_report;

pub use counts::{LogStatistics, Row};
pub use html_report::render_html;
pub use text_report::render_text;

use anyhow::Result;
use event_log::reader::LogReader;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use self::counts::EventCounts;
use crate::slice::{EventSelection, LogSlice};

/// Counts the selected events. The result lists the `top` busiest conversations. If `stop` is
/// cancelled, it covers the events so far. Calls `on_progress` with the number of positions done and
/// their total.
pub async fn count_events(
    pool: &PgPool,
    selection: &EventSelection,
    top: usize,
    stop: &CancellationToken,
    mut on_progress: impl FnMut(u64, u64),
) -> Result<LogStatistics> {
    let reader = LogReader::new(pool.clone());
    let slice = LogSlice::resolve(selection, &reader).await?;
    let mut counts = EventCounts::new(&slice);
    let mut pages = slice.read_pages(&reader);
    on_progress(0, slice.span());
    while let Some(page) = pages.recv().await {
        let page = page?;
        for event in &page.events {
            counts.add_event(event);
        }
        counts.up_to = page.scanned_to;
        on_progress(slice.span_to(page.scanned_to), slice.span());
        if stop.is_cancelled() {
            break;
        }
    }
    Ok(counts.to_statistics(top))
}
