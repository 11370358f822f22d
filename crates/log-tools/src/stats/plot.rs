//! Bar charts as SVG.

use std::fmt::Write as _;

use indicatif::HumanCount;

use super::escape::escape_html;

/// The size of a plot. The page scales it.
const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 200.0;
/// The space for the numbers at the left, above the bars, and for the names below them.
const LEFT: f64 = 60.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 24.0;
/// A plot of one day is not one block.
const MAX_BAR_WIDTH: f64 = 40.0;
/// How many names fit below the bars.
const MAX_NAMES: usize = 10;

/// Writes a bar chart. The tooltip of each bar has its name and number.
pub fn write_plot(html: &mut String, title: &str, bars: &[(String, u64)]) {
    let highest = bars.iter().map(|(_, number)| *number).max().unwrap_or(0);
    let top = round_up(highest);
    let height = TOP + HEIGHT + BOTTOM;
    let title = escape_html(title);
    // Writing to a String cannot fail.
    let _ = write!(
        html,
        "<figure><figcaption>{title}</figcaption>\
         <svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{title}\">"
    );
    for number in [0, top / 2, top] {
        let y = TOP + HEIGHT * (1.0 - number as f64 / top as f64);
        let _ = write!(
            html,
            "<line x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{WIDTH}\" y2=\"{y:.1}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 6.0,
            y + 4.0,
            HumanCount(number)
        );
    }
    write_bars(html, bars, top);
    html.push_str("</svg></figure>");
}

fn write_bars(html: &mut String, bars: &[(String, u64)], top: u64) {
    let slot = ((WIDTH - LEFT) / bars.len().max(1) as f64).min(MAX_BAR_WIDTH / 0.8);
    let step = bars.len().div_ceil(MAX_NAMES).max(1);
    for (nth, (name, number)) in bars.iter().enumerate() {
        let height = *number as f64 / top as f64 * HEIGHT;
        let (x, y) = (LEFT + nth as f64 * slot, TOP + HEIGHT - height);
        let name = escape_html(name);
        let _ = write!(
            html,
            "<rect x=\"{:.2}\" y=\"{y:.2}\" width=\"{:.2}\" height=\"{height:.2}\">\
             <title>{name}: {}</title></rect>",
            x + slot * 0.1,
            (slot * 0.8).max(0.5),
            HumanCount(*number),
        );
        if nth % step == 0 {
            let y = TOP + HEIGHT + 16.0;
            let _ = write!(html, "<text x=\"{x:.2}\" y=\"{y}\">{name}</text>");
        }
    }
}

/// The next number that is easy to read, also if it is halved, for the axis.
fn round_up(number: u64) -> u64 {
    let mut power = 1_u64;
    loop {
        let tens = [2, 4, 6, 8, 10, 12, 16].map(|digits| power.saturating_mul(digits));
        if let Some(fitting) = tens.into_iter().find(|candidate| *candidate >= number) {
            return fitting;
        }
        power = power.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_has_round_numbers() {
        for (number, top) in [
            (0, 2),
            (2, 2),
            (3, 4),
            (11, 12),
            (13, 16),
            (17, 20),
            (999, 1_000),
        ] {
            assert_eq!(round_up(number), top, "{number}");
        }
        assert!(round_up(u64::MAX) == u64::MAX);
    }

    #[test]
    fn a_bar_of_one_day_is_narrow_and_names_are_escaped() {
        let mut html = String::new();
        write_plot(&mut html, "a < b", &[("<b>".to_owned(), 7)]);
        assert!(html.contains("width=\"40.00\""), "{html}");
        assert!(html.contains("&lt;b&gt;: 7") && html.contains("a &lt; b"));
        assert!(!html.contains("<b>"));
    }
}
