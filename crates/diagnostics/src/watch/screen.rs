//! Draws the screen.

use data_dir::inflect;
use indicatif::{HumanBytes, HumanCount};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize as _};
use ratatui::text::Line;
use ratatui::widgets::{Block, Paragraph, Row, Sparkline, Table};

use super::history::{Counter, Sample, WatchHistory};
use crate::status::{DatabaseStatus, MirrorStatus, SearchIndexStatus, SystemStatus};

/// A lag of so many seconds is shown as a warning.
const LAG_WARNING_SECONDS: f64 = 10.0;

/// The widths of a label and a number.
const LABEL_WIDTH: u16 = 22;
const NUMBER_WIDTH: u16 = 14;

const SMOOTH: [Counter; 5] = [
    Counter::Events,
    Counter::Requests,
    Counter::Commands,
    Counter::Entries,
    Counter::Wal,
];

/// A line of a block: what, how much, and whether that needs attention.
struct Fact(&'static str, String, bool);

/// Draws everything that is known.
pub fn draw(frame: &mut Frame, history: &WatchHistory) {
    let [title, top, middle, bottom] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(7),
        Constraint::Length(9),
        Constraint::Min(0),
    ])
    .areas(frame.area());
    frame.render_widget(title_line(history.last()), title);
    draw_rates(frame, top, history);
    let [lags, connections, errors] =
        Layout::horizontal([Constraint::Ratio(1, 3); 3]).areas(middle);
    let database = history.last().and_then(database_of);
    draw_facts(frame, lags, " Lag ", lag_facts(history.last()));
    let sessions = connection_facts(history.last(), database);
    draw_facts(frame, connections, " Connections ", sessions);
    draw_facts(frame, errors, " Errors ", error_facts(history, database));
    draw_busy(frame, bottom, database);
}

fn database_of(sample: &Sample) -> Option<&DatabaseStatus> {
    sample.status.as_ref().ok()?.database.as_ref()
}

fn title_line(sample: Option<&Sample>) -> Line<'static> {
    let keys = " · q quits".dark_gray();
    let said = match sample.map(|sample| &sample.status) {
        None => " Tidings: reading the status".into(),
        Some(Err(error)) => format!(" Tidings: no status: {error}").red(),
        Some(Ok(status)) => format!(" Tidings: {}", describe(status)).bold(),
    };
    let metrics = sample.and_then(|sample| sample.metrics.as_ref().err());
    let metrics = metrics.map_or("".into(), |error| format!(" · no metrics: {error}").red());
    Line::from(vec![said, metrics, keys])
}

fn describe(status: &SystemStatus) -> String {
    let place = match (&status.process, &status.database) {
        (Some(process), _) => process.address.clone(),
        (None, Some(database)) => database.url.clone(),
        (None, None) => status.data.display().to_string(),
    };
    format!("{} at {place}", status.state)
}

fn draw_rates(frame: &mut Frame, area: Rect, history: &WatchHistory) {
    let block = Block::bordered().title(" Rates ");
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let lines = Layout::vertical([Constraint::Length(1); SMOOTH.len()]).split(inner);
    for (counter, line) in SMOOTH.into_iter().zip(lines.iter()) {
        let [label, number, course] = Layout::horizontal([
            Constraint::Length(LABEL_WIDTH),
            Constraint::Length(NUMBER_WIDTH),
            Constraint::Min(0),
        ])
        .areas(*line);
        frame.render_widget(counter.label(), label);
        let rate = history.rate(counter).map_or("-".to_owned(), format_rate);
        frame.render_widget(Line::from(format!("{rate}  ")).right_aligned(), number);
        let points: Vec<u64> = history
            .rates(counter)
            .map(|rate| (rate * 10.0) as u64)
            .collect();
        let style = Style::new().fg(Color::Cyan);
        frame.render_widget(Sparkline::default().data(points).style(style), course);
    }
}

fn draw_facts(frame: &mut Frame, area: Rect, title: &'static str, facts: Vec<Fact>) {
    let labels = facts.iter().map(|Fact(label, ..)| label.len());
    let label_width = u16::try_from(labels.max().unwrap_or_default()).unwrap_or(LABEL_WIDTH);
    let rows = facts.into_iter().map(|Fact(label, value, is_alarming)| {
        let row = Row::new([label.to_owned(), value]);
        if is_alarming {
            row.style(Style::new().fg(Color::Red).add_modifier(Modifier::BOLD))
        } else {
            row
        }
    });
    let widths = [Constraint::Length(label_width), Constraint::Min(0)];
    let table = Table::new(rows, widths).block(Block::bordered().title(title));
    frame.render_widget(table, area);
}

fn lag_facts(sample: Option<&Sample>) -> Vec<Fact> {
    let Some(database) = sample.and_then(database_of) else {
        return Vec::new();
    };
    let projection = &database.projection;
    let mut facts = vec![
        Fact(
            "log",
            HumanCount(projection.head.unsigned_abs()).to_string(),
            false,
        ),
        behind("read models", projection.events, Some(projection.seconds)),
        behind(
            "moderation",
            database.moderation.events,
            Some(database.moderation.seconds),
        ),
    ];
    facts.push(match &database.search {
        SearchIndexStatus::Available(index) => behind("search", index.lag_events, None),
        SearchIndexStatus::Unavailable(_) => Fact("search", "unavailable".into(), true),
    });
    let mirror = sample
        .and_then(|sample| sample.status.as_ref().ok())
        .and_then(|status| status.mirror.as_ref());
    facts.extend(mirror.map(|mirror| match mirror {
        MirrorStatus::Available(mirror) => behind("stream", mirror.lag_events, None),
        MirrorStatus::Unavailable(_) => Fact("stream", "unavailable".into(), true),
    }));
    facts.extend(database.seal.as_ref().map(|seal| {
        Fact(
            "oldest unsealed",
            format!("{:.0} s", seal.lag_seconds),
            false,
        )
    }));
    facts
}

fn behind(label: &'static str, events: i64, seconds: Option<f64>) -> Fact {
    let count = events.unsigned_abs();
    let events = format!("{} {}", HumanCount(count), inflect("event", &count));
    match seconds {
        Some(seconds) => Fact(
            label,
            format!("{events}, {seconds:.1} s"),
            seconds > LAG_WARNING_SECONDS,
        ),
        None => Fact(label, events, false),
    }
}

fn connection_facts(sample: Option<&Sample>, database: Option<&DatabaseStatus>) -> Vec<Fact> {
    let gauge = |name: &str, label: &str| {
        let value = sample.and_then(|sample| sample.metric(name, label));
        value.map_or("-".to_owned(), |value| HumanCount(value as u64).to_string())
    };
    let live = "tidings_live_connections_by_kind";
    let mut facts = vec![
        Fact("HTTP", gauge("tidings_connections", ""), false),
        Fact("WebSocket", gauge(live, "websocket"), false),
        Fact("server-sent events", gauge(live, "sse"), false),
    ];
    if let Some(database) = database {
        let sessions = &database.sessions;
        let is_full = sessions.open * 10 > sessions.max * 8;
        let open = format!("{} of {}", sessions.open, sessions.max);
        facts.push(Fact("Postgres", open, is_full));
        let active = sessions.by_state.get("active").copied().unwrap_or(0);
        facts.push(Fact("  active", active.to_string(), false));
        let oldest = sessions.oldest_transaction_seconds;
        facts.push(Fact(
            "oldest transaction",
            format!("{oldest:.1} s"),
            oldest > 3600.0,
        ));
    }
    facts
}

fn error_facts(history: &WatchHistory, database: Option<&DatabaseStatus>) -> Vec<Fact> {
    let mut facts = Vec::new();
    for counter in [Counter::Failures, Counter::Refusals, Counter::Drops] {
        let rate = history.rate(counter);
        let is_alarming = counter == Counter::Failures && rate.is_some_and(|rate| rate > 0.0);
        let shown = rate.map_or("-".to_owned(), format_rate);
        facts.push(Fact(counter.label(), shown, is_alarming));
    }
    if let Some(database) = database {
        let parked = database.parked_events;
        facts.push(Fact("parked events", parked.to_string(), parked > 0));
        let webhooks = database.webhooks.iter();
        let given_up: i64 = webhooks.map(|webhook| webhook.parked).sum();
        facts.push(Fact(
            "parked deliveries",
            given_up.to_string(),
            given_up > 0,
        ));
        let slow = database.slow_statements.len();
        facts.push(Fact("slow statements", slow.to_string(), slow > 0));
    }
    facts
}

fn draw_busy(frame: &mut Frame, area: Rect, database: Option<&DatabaseStatus>) {
    let [conversations, statements] = Layout::horizontal([Constraint::Ratio(1, 2); 2]).areas(area);
    let mut busy = Vec::new();
    let mut slow = Vec::new();
    if let Some(database) = database {
        let recent = &database.recent_sends.busiest;
        busy.extend(recent.iter().map(|conversation| {
            let messages = HumanCount(conversation.messages.unsigned_abs());
            format!("{messages:>8}  {}", conversation.conversation_id)
        }));
        slow.extend(database.slow_statements.iter().map(|statement| {
            let words: Vec<&str> = statement.statement.split_whitespace().collect();
            format!("{:>6.1} s  {}", statement.seconds, words.join(" "))
        }));
        let sizes = &database.sizes;
        let sizes = [
            ("database", sizes.database),
            ("log", sizes.log),
            ("read models", sizes.read),
        ];
        busy.extend(sizes.map(|(part, bytes)| {
            format!(
                "{:>10}  {part}",
                HumanBytes(bytes.unsigned_abs()).to_string()
            )
        }));
    }
    for (title, lines, area) in [
        (" Busiest conversations, sizes ", busy, conversations),
        (" Slow statements ", slow, statements),
    ] {
        let block = Block::bordered().title(title);
        let lines: Vec<Line> = lines.into_iter().map(Line::from).collect();
        frame.render_widget(Paragraph::new(lines).block(block), area);
    }
}

fn format_rate(rate: f64) -> String {
    match rate {
        small if small < 10.0 => format!("{small:.1}"),
        large => HumanCount(large as u64).to_string(),
    }
}
