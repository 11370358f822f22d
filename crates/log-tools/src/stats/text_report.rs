//! The statistics as text.

use std::fmt::Write as _;

use data_dir::inflect;
use indicatif::{HumanBytes, HumanCount};

use super::counts::LogStatistics;
use super::escape::escape_controls;

/// Renders the statistics as tables.
pub fn render_text(statistics: &LogStatistics) -> String {
    let mut text = format!(
        "{} {}, {} of data, in positions {} to {}\n",
        HumanCount(statistics.events),
        inflect("event", &statistics.events),
        HumanBytes(statistics.bytes),
        HumanCount(statistics.after.unsigned_abs() + 1),
        HumanCount(statistics.up_to.unsigned_abs()),
    );
    // Writing to a String cannot fail.
    for (name, value) in &statistics.filters {
        let _ = writeln!(text, "{name}: {}", escape_controls(value));
    }
    let _ = writeln!(
        text,
        "{} {} of {} {} in {} {}",
        HumanCount(statistics.messages),
        inflect("message", &statistics.messages),
        HumanCount(statistics.sender_count),
        inflect("user", &statistics.sender_count),
        HumanCount(statistics.conversation_count),
        inflect("conversation", &statistics.conversation_count),
    );
    if let Some(times) = &statistics.response_times {
        let _ = writeln!(
            text,
            "somebody else writes within {}, nine of ten times within {}",
            format_seconds(times.median_seconds),
            format_seconds(times.p90_seconds),
        );
    }
    for (title, rows) in [
        ("type", &statistics.types),
        ("conversation", &statistics.conversations),
        ("sender, with messages only", &statistics.senders),
    ] {
        write_heading(&mut text, title);
        for row in rows {
            let name = match &row.title {
                Some(title) => format!("{}  {}", row.name, escape_controls(title)),
                None => row.name.clone(),
            };
            write_row(&mut text, row.events, row.bytes, &name);
        }
    }
    write_heading(
        &mut text,
        &format!("day of {}, active users", statistics.by),
    );
    for day in &statistics.days {
        let name = format!("{}  {}", day.name, HumanCount(day.active_users));
        write_row(&mut text, day.events, day.bytes, &name);
    }
    text.trim_end().to_owned()
}

fn write_heading(text: &mut String, title: &str) {
    let _ = writeln!(text, "\n{:>13} {:>10}  {title}", "events", "data");
}

fn write_row(text: &mut String, events: u64, bytes: u64, name: &str) {
    let (events, bytes) = (HumanCount(events), HumanBytes(bytes));
    let (events, bytes) = (events.to_string(), bytes.to_string());
    let _ = writeln!(text, "{events:>13} {bytes:>10}  {name}");
}

/// A duration in the two largest of its units.
pub fn format_seconds(seconds: f64) -> String {
    let whole = seconds as u64;
    match whole {
        0..60 => format!("{seconds:.1} s"),
        60..3_600 => format!("{} min {} s", whole / 60, whole % 60),
        3_600..86_400 => format!("{} h {} min", whole / 3_600, whole / 60 % 60),
        _ => format!("{} d {} h", whole / 86_400, whole / 3_600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_two_units() {
        for (seconds, text) in [
            (0.04, "0.0 s"),
            (27.7, "27.7 s"),
            (105.0, "1 min 45 s"),
            (5_400.0, "1 h 30 min"),
            (180_000.0, "2 d 2 h"),
        ] {
            assert_eq!(format_seconds(seconds), text);
        }
    }
}
