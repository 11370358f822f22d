//! An HTML page with plots, without scripts or external resources.

use std::fmt::Write as _;

use indicatif::{HumanBytes, HumanCount};

use super::counts::{LogStatistics, Row};

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;\
color:#1c1e21;background:#fff}h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}\
table{border-collapse:collapse;width:100%}td,th{padding:.2rem .6rem;text-align:right;border-bottom:1px solid #e4e6ea}\
td:first-child,th:first-child{text-align:left;overflow-wrap:anywhere}svg{width:100%;height:auto}\
rect{fill:#3b6ea8}rect:hover{fill:#1d4b82}text{font:11px system-ui,sans-serif;fill:#5a6068}\
@media(prefers-color-scheme:dark){body{color:#e4e6ea;background:#17191c}td,th{border-color:#33373d}}";

/// The width of a plot.
const PLOT_WIDTH: f64 = 900.0;
/// The height of a plot.
const PLOT_HEIGHT: f64 = 180.0;
/// The height of the labels below a plot.
const LABEL_HEIGHT: f64 = 22.0;

/// Renders the page.
pub fn render_html(summary: &LogStatistics) -> String {
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Event log</title>\
         <style>{STYLE}</style></head><body><h1>Event log</h1>\
         <p>{} events, {} of data, in positions {} to {}.</p>",
        HumanCount(summary.events),
        HumanBytes(summary.bytes),
        HumanCount(summary.after.unsigned_abs() + 1),
        HumanCount(summary.up_to.unsigned_abs()),
    );
    let days: Vec<(String, u64)> = summary.days.iter().map(day_bar).collect();
    let hours: Vec<(String, u64)> = (0..24)
        .map(|hour| (format!("{hour:02}"), summary.hours[hour]))
        .collect();
    write_plot(&mut html, "Events by day", &days);
    write_plot(&mut html, "Events by hour of the day (UTC)", &hours);
    write_table(&mut html, "Types", &summary.types);
    write_table(&mut html, "Busiest conversations", &summary.conversations);
    write_table(&mut html, "Days", &summary.days);
    html.push_str("</body></html>\n");
    html
}

fn day_bar(row: &Row) -> (String, u64) {
    (row.name.clone(), row.events)
}

/// Writes a bar chart; the tooltip of each bar has its name and count. Writing to a String cannot
/// fail.
fn write_plot(html: &mut String, title: &str, bars: &[(String, u64)]) {
    let max = bars
        .iter()
        .map(|(_, events)| *events)
        .max()
        .unwrap_or(0)
        .max(1);
    let width = PLOT_WIDTH / bars.len().max(1) as f64;
    let _ = write!(
        html,
        "<h2>{title}</h2><svg viewBox=\"0 0 {PLOT_WIDTH} {}\" role=\"img\" aria-label=\"{title}\">",
        PLOT_HEIGHT + LABEL_HEIGHT
    );
    let label_step = (bars.len() / 12).max(1);
    for (nth, (name, events)) in bars.iter().enumerate() {
        let height = *events as f64 / max as f64 * PLOT_HEIGHT;
        let (x, y) = (nth as f64 * width, PLOT_HEIGHT - height);
        let _ = write!(
            html,
            "<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{:.2}\" height=\"{height:.2}\"><title>{}: {}</title></rect>",
            (width * 0.86).max(0.5),
            escape_html(name),
            HumanCount(*events),
        );
        if nth % label_step == 0 {
            let _ = write!(
                html,
                "<text x=\"{x:.2}\" y=\"{:.2}\">{}</text>",
                PLOT_HEIGHT + 15.0,
                escape_html(name)
            );
        }
    }
    html.push_str("</svg>");
}

fn write_table(html: &mut String, title: &str, rows: &[Row]) {
    let _ = write!(
        html,
        "<h2>{title}</h2><table><tr><th></th><th>events</th><th>data</th></tr>"
    );
    for row in rows {
        let _ = write!(
            html,
            "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
            escape_html(&row.name),
            HumanCount(row.events),
            HumanBytes(row.bytes)
        );
    }
    html.push_str("</table>");
}

fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped() {
        let row = Row {
            name: "<script>alert(\"x\")</script>".into(),
            events: 1_234,
            bytes: 10,
        };
        let summary = LogStatistics {
            after: 0,
            up_to: 1,
            events: 1_234,
            bytes: 10,
            types: vec![row.clone()],
            days: vec![row.clone()],
            hours: [0; 24],
            conversations: vec![row],
        };
        let html = render_html(&summary);
        assert!(!html.contains("<script"), "{html}");
        assert!(html.contains("1,234") && html.contains("&lt;script&gt;"));
        assert!(!html.contains("http"), "loads an external resource");
    }
}
