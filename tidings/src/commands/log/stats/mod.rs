//! `tidings log stats`: the number and size of events by type, time and conversation.

mod counts;
mod html_report;

use anyhow::{Context as _, Result};
use event_log::reader::LogReader;
use indicatif::{HumanBytes, HumanCount};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use self::counts::EventCounts;
use super::output::LineOutput;
use super::slice::LogSlice;
use crate::commands::progress;
use crate::config::LogStatsArgs;

/// Counts the events and prints the statistics. A signal ends the counting early; the counts so far
/// are printed.
pub async fn run(pool: &PgPool, args: &LogStatsArgs, stop: &CancellationToken) -> Result<()> {
    let reader = LogReader::new(pool.clone());
    let slice = LogSlice::resolve(&args.slice, &reader).await?;
    let bar = progress::new_progress_bar("events");
    bar.set_length(slice.span());
    let mut counts = EventCounts::new(&slice);
    let mut pages = slice.read_pages(&reader);
    while let Some(page) = pages.recv().await {
        let page = page?;
        for event in &page.events {
            counts.add_event(event);
        }
        counts.up_to = page.scanned_to;
        bar.set_position(u64::try_from(page.scanned_to - slice.after).unwrap_or(0));
        if stop.is_cancelled() {
            break;
        }
    }
    bar.finish_and_clear();
    let summary = counts.to_statistics(usize::from(args.top));
    if let Some(file) = &args.html {
        std::fs::write(file, html_report::render_html(&summary))
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    let mut output = LineOutput::new();
    if args.json {
        output.write_line(&serde_json::to_vec(&summary)?)?;
    } else {
        output.write_line(format_text(&summary).as_bytes())?;
    }
    output.flush()?;
    Ok(())
}

fn format_text(summary: &counts::LogStatistics) -> String {
    use std::fmt::Write as _;
    let mut text = format!(
        "{} events, {} of data, in positions {} to {}\n",
        HumanCount(summary.events),
        HumanBytes(summary.bytes),
        HumanCount(summary.after.unsigned_abs() + 1),
        HumanCount(summary.up_to.unsigned_abs()),
    );
    for (title, rows) in [
        ("type", &summary.types),
        ("day", &summary.days),
        ("conversation", &summary.conversations),
    ] {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "\n{:>13} {:>10}  {title}", "events", "data");
        for row in rows {
            let (events, bytes) = (HumanCount(row.events), HumanBytes(row.bytes));
            let (events, bytes) = (events.to_string(), bytes.to_string());
            let _ = writeln!(text, "{events:>13} {bytes:>10}  {}", row.name);
        }
    }
    text.trim_end().to_owned()
}
