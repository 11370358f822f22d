//! An HTML page with plots, for the screen and for paper, without scripts or external resources.

use std::fmt::Write as _;

use data_dir::inflect;
use indicatif::{HumanBytes, HumanCount};

use super::counts::{LogStatistics, Row};
use super::escape::escape_html;
use super::periods::{Period, PeriodLength, group_days};
use super::plot::write_plot;
use super::response_times::ResponseTimes;
use super::text_report::format_seconds;

const STYLE: &str = include_str!("report.css");

/// Renders the page.
pub fn render_html(statistics: &LogStatistics) -> String {
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Event log</title>\
         <style>{STYLE}</style></head><body>"
    );
    write_header(&mut html, statistics);
    let (length, periods) = group_days(&statistics.days);
    write_activity(&mut html, length, &periods);
    let hours: Vec<(String, u64)> = (0..24)
        .map(|hour| (format!("{hour:02}"), statistics.hours[hour]))
        .collect();
    write_plot(&mut html, "Events by hour of the day (UTC)", &hours);
    write_table(
        &mut html,
        "Busiest conversations",
        ["conversation", "events"],
        &statistics.conversations,
    );
    write_table(
        &mut html,
        "Top senders",
        ["user", "messages"],
        &statistics.senders,
    );
    write_table(
        &mut html,
        "Event types",
        ["type", "events"],
        &statistics.types,
    );
    html.push_str("</body></html>\n");
    html
}

/// Writes the title, the filters and the most important numbers.
fn write_header(html: &mut String, statistics: &LogStatistics) {
    // Writing to a String cannot fail.
    let _ = write!(
        html,
        "<header><h1>Event log</h1><p>{} {}, {} of data, in positions {} to {}. Days and hours \
         are of <code>{}</code>, in UTC.</p><p class=\"filters\">",
        HumanCount(statistics.events),
        inflect("event", &statistics.events),
        HumanBytes(statistics.bytes),
        HumanCount(statistics.after.unsigned_abs() + 1),
        HumanCount(statistics.up_to.unsigned_abs()),
        escape_html(statistics.by),
    );
    if statistics.filters.is_empty() {
        html.push_str("All events.");
    }
    for (name, value) in &statistics.filters {
        let (name, value) = (escape_html(name), escape_html(value));
        let _ = write!(html, "<span>{name}: {value}</span> ");
    }
    html.push_str("</p></header><dl>");
    let most_active = statistics.days.iter().map(|day| day.active_users).max();
    let response = |seconds: fn(&ResponseTimes) -> f64| match &statistics.response_times {
        Some(times) => format_seconds(seconds(times)),
        None => "none".to_owned(),
    };
    let times = statistics.response_times.as_ref();
    let prompt = times.map_or("none".to_owned(), |times| {
        let percent = 100.0 * times.within_five_minutes as f64 / times.count.max(1) as f64;
        format!("{percent:.0} %")
    });
    for (name, value) in [
        ("messages", HumanCount(statistics.messages).to_string()),
        (
            "conversations",
            HumanCount(statistics.conversation_count).to_string(),
        ),
        ("senders", HumanCount(statistics.sender_count).to_string()),
        (
            "active users on the busiest day",
            HumanCount(most_active.unwrap_or(0)).to_string(),
        ),
        (
            "until somebody else writes, half of the times at most",
            response(|times| times.median_seconds),
        ),
        (
            "nine of ten times at most",
            response(|times| times.p90_seconds),
        ),
        ("within five minutes", prompt),
    ] {
        let _ = write!(html, "<div><dd>{value}</dd><dt>{name}</dt></div>");
    }
    html.push_str("</dl>");
}

fn write_activity(html: &mut String, length: PeriodLength, periods: &[Period]) {
    let bars = |number: fn(&Period) -> u64| -> Vec<(String, u64)> {
        let bar = |period: &Period| (period.name.clone(), number(period));
        periods.iter().map(bar).collect()
    };
    let length_name = length.as_str();
    let messages = bars(|period| period.messages);
    write_plot(html, &format!("Messages by {length_name}"), &messages);
    let active = match length {
        PeriodLength::Day => "Active users by day".to_owned(),
        PeriodLength::Month | PeriodLength::Year => {
            format!("Active users on the busiest day of each {length_name}")
        }
    };
    write_plot(html, &active, &bars(|period| period.active_users));
}

/// Writes a table whose rows have bars. The first heading is of the names, the second of the
/// numbers.
fn write_table(html: &mut String, title: &str, [name, number]: [&str; 2], rows: &[Row]) {
    let _ = write!(
        html,
        "<section><h2>{title}</h2><table><thead><tr><th>{name}</th><th>{number}</th><th>data</th>\
         <th></th></tr></thead><tbody>"
    );
    let most = rows.iter().map(|row| row.events).max().unwrap_or(0).max(1);
    for row in rows {
        let id = escape_html(&row.name);
        let name = match &row.title {
            Some(title) => format!("{} <small>{id}</small>", escape_html(title)),
            None => id,
        };
        let _ = write!(
            html,
            "<tr><td>{name}</td><td>{}</td><td>{}</td><td><i style=\"width:{:.1}%\"></i></td></tr>",
            HumanCount(row.events),
            HumanBytes(row.bytes),
            row.events as f64 / most as f64 * 100.0
        );
    }
    html.push_str("</tbody></table></section>");
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::stats::counts::DayRow;

    const MARKUP: &str = "<script>alert(\"x\")</script>";

    fn statistics() -> LogStatistics {
        let row = Row {
            name: MARKUP.into(),
            title: Some(format!("title {MARKUP}")),
            events: 1_234,
            bytes: 10,
        };
        LogStatistics {
            after: 0,
            up_to: 1,
            by: "sent_at",
            filters: BTreeMap::from([("user", MARKUP.to_owned())]),
            events: 1_234,
            bytes: 10,
            messages: 7,
            conversation_count: 1,
            sender_count: 1,
            types: vec![row.clone()],
            days: vec![DayRow {
                name: "2026-11-26".into(),
                events: 1_234,
                bytes: 10,
                messages: 7,
                active_users: 3,
            }],
            hours: [0; 24],
            conversations: vec![row.clone()],
            senders: vec![row],
            response_times: Some(ResponseTimes {
                count: 6,
                median_seconds: 27.7,
                p90_seconds: 105.0,
                within_five_minutes: 5,
            }),
        }
    }

    #[test]
    fn texts_of_users_are_escaped() {
        let html = render_html(&statistics());
        assert!(!html.contains("<script"), "{html}");
        assert!(
            html.contains("<dd>83 %</dd><dt>within five minutes"),
            "{html}"
        );
        assert!(html.contains("1,234") && html.contains("&lt;script&gt;"));
        assert!(!html.contains("http"), "loads an external resource");
    }

    #[test]
    fn the_page_names_its_filters_titles_and_times() {
        let html = render_html(&statistics());
        for text in [
            "<span>user: &lt;script",
            "<code>sent_at</code>",
            "title &lt;script",
            "27.7 s",
            "1 min 45 s",
            "Messages by day",
            "Active users by day",
            "2026-11-26: 7",
            "2026-11-26: 3",
            "Top senders",
        ] {
            assert!(html.contains(text), "{text} is missing in {html}");
        }
        let empty = LogStatistics {
            filters: BTreeMap::new(),
            days: Vec::new(),
            response_times: None,
            ..statistics()
        };
        assert!(render_html(&empty).contains("All events."));
    }
}
