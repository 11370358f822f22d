//! The statistics as text.

use std::fmt::Write as _;

use indicatif::{HumanBytes, HumanCount};

use super::counts::LogStatistics;

/// Renders the statistics as tables.
pub fn render_text(summary: &LogStatistics) -> String {
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
