//! What happened in a part of the log: events by type, time and conversation, who sent how much,
//! and how fast others responded.
//!
//! - `counts`: counts events. `response_times`: measures responses. `titles`: of conversations.
//! - `text_report`, `html_report`: show the result. `periods`: groups days for a `plot`. `escape`:
//!   texts of users.

mod counts;
mod escape;
mod html_report;
mod periods;
mod plot;
mod response_times;
mod text_report;
mod titles;

pub use counts::{DayRow, LogStatistics, Row};
pub use html_report::render_html;
pub use response_times::ResponseTimes;
pub use text_report::render_text;

use anyhow::Result;
use event_log::reader::LogReader;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use self::counts::EventCounts;
use crate::slice::{EventSelection, LogSlice};

/// Counts the selected events. The result lists the `top` busiest conversations and senders. If
/// `stop` is cancelled, it covers the events so far. Calls `on_progress` with the number of
/// positions done and their total.
pub async fn count_events(
    pool: &PgPool,
    selection: &EventSelection,
    top: usize,
    stop: &CancellationToken,
    mut on_progress: impl FnMut(u64, u64),
) -> Result<LogStatistics> {
    let reader = LogReader::new(pool.clone());
    let slice = LogSlice::resolve(selection, &reader).await?;
    let mut counts = EventCounts::new(selection, slice.after);
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
    let mut statistics = counts.to_statistics(top);
    for row in &mut statistics.conversations {
        row.title = titles::load_title(&reader, &row.name, statistics.up_to).await?;
    }
    Ok(statistics)
}
