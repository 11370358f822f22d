//! The end of the log, and the events that are appended to it.

use std::io::Write;
use std::time::Duration;

use anyhow::Result;
use domain::envelope::Envelope;
use event_log::reader::{EventFilter, LogReader};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::output::LineOutput;
use crate::slice::{EventSelection, LogSlice};

/// How often to poll for new events.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// The number of events per page.
const PAGE_SIZE: i64 = 500;

/// The maximum number of data bytes shown on a line.
const MAX_SHOWN_BYTES: usize = 160;

/// How the end of the log is written.
#[derive(Debug, Clone, Copy)]
pub struct TailOptions {
    /// The number of past events, unless the selection has a beginning.
    pub lines: i64,
    /// Whether to write events as they are appended, until the process is stopped.
    pub follow: bool,
    /// Whether to write CloudEvents as JSON instead of readable lines.
    pub json: bool,
}

/// Writes events, one per line, until the end of the selection, until the reader of the output is
/// gone, or until `stop` is cancelled.
pub async fn write_tail<W: Write>(
    pool: &PgPool,
    selection: &EventSelection,
    options: TailOptions,
    output: &mut LineOutput<W>,
    stop: &CancellationToken,
) -> Result<()> {
    let reader = LogReader::new(pool.clone());
    let mut slice = LogSlice::resolve(selection, &reader).await?;
    if selection.after.is_none() && selection.since.is_none() {
        slice.after = find_tail_start(&reader, &slice, options.lines).await?;
    }
    let mut position = slice.after;
    loop {
        while position < slice.last && !stop.is_cancelled() {
            let page = reader
                .read_page(&slice.filter, position, slice.last, PAGE_SIZE)
                .await?;
            for event in &page.events {
                let line = if options.json {
                    event.to_json()?
                } else {
                    format_line(event).into_bytes()
                };
                if !output.write_line(&line)? {
                    return Ok(());
                }
            }
            position = page.scanned_to;
        }
        if !output.flush()? || !options.follow || selection.is_bounded() {
            return Ok(());
        }
        if stop
            .run_until_cancelled(tokio::time::sleep(POLL_INTERVAL))
            .await
            .is_none()
        {
            return Ok(());
        }
        slice.last = reader.head().await?.position;
    }
}

/// The position after which the last `count` events of a slice begin. Searches backwards in steps
/// that grow fourfold.
async fn find_tail_start(reader: &LogReader, slice: &LogSlice, count: i64) -> Result<i64> {
    let mut step = count;
    loop {
        let from = (slice.last - step).max(0);
        let found = find_nth_from_end(reader, &slice.filter, from, slice.last, count).await?;
        match found {
            Some(first) => return Ok(first - 1),
            None if from == 0 => return Ok(0),
            None => step = step.saturating_mul(4).max(PAGE_SIZE),
        }
    }
}

/// The position of the `count`th event from the end; `None` if there are fewer events after `from`.
async fn find_nth_from_end(
    reader: &LogReader,
    filter: &EventFilter,
    from: i64,
    last: i64,
    count: i64,
) -> Result<Option<i64>> {
    if count == 0 {
        return Ok(Some(last + 1));
    }
    let mut positions = Vec::new();
    let mut position = from;
    while position < last {
        let page = reader.read_page(filter, position, last, PAGE_SIZE).await?;
        positions.extend(page.events.iter().map(|event| event.position));
        position = page.scanned_to;
    }
    let nth = usize::try_from(count)?;
    let first = positions.len().checked_sub(nth);
    Ok(first.map(|first| positions[first]))
}

/// Formats an event as one line. JSON escapes control characters, so they do not reach the
/// terminal.
fn format_line(event: &Envelope) -> String {
    let data = event.data.get();
    let mut end = data.len().min(MAX_SHOWN_BYTES);
    while !data.is_char_boundary(end) {
        end -= 1;
    }
    let more = if end < data.len() { "..." } else { "" };
    format!(
        "{:>9}  {}  {:<20} {}  {}{more}",
        event.position,
        event.time,
        event.event_type,
        event.source(),
        &data[..end]
    )
}
