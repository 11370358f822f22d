use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::*;
use crate::example_status::{example_database, example_status};

/// What the screen shows, as lines.
fn shown(history: &WatchHistory, width: u16, height: u16) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
    let drawn = terminal.draw(|frame| screen::draw(frame, history));
    drawn.expect("it is drawn");
    let buffer = terminal.backend().buffer();
    let rows = buffer.content().chunks(width.into());
    rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect())
        .collect()
}

fn sample(at: Instant, requests: u32) -> Sample {
    let mut status = example_status();
    let mut database = example_database();
    database.projection.head += i64::from(requests);
    status.database = Some(database);
    Sample {
        at,
        status: Ok(status),
        metrics: Ok(Metrics::parse(&format!(
            "tidings_http_requests_total{{status=\"200\"}} {requests}\n\
             tidings_http_requests_total{{status=\"503\"}} {requests}\n\
             tidings_live_connections_by_kind{{kind=\"websocket\"}} 17\n"
        ))),
    }
}

#[test]
fn the_screen_shows_rates_lags_connections_and_errors() {
    let (mut history, at) = (WatchHistory::default(), Instant::now());
    history.add(sample(at, 0));
    history.add(sample(at + Duration::from_secs(2), 3000));
    let shown = shown(&history, 120, 36);
    for words in [
        &["running at http://127.0.0.1:8080", "q quits"][..],
        &["events/s", "1,500"],
        &["requests/s", "3,000"],
        &["commands/s", "-"],
        &["read models", "567 events, 2.2 s"],
        &["WebSocket", "17"],
        &["Postgres", "14 of 120"],
        &["failed requests/s", "1,500"],
        &["parked events", "3"],
        &["slow statements", "1"],
        &["8,100", "town-hall"],
        &["4.2 s", "SELECT 1"],
    ] {
        let found = shown
            .iter()
            .any(|line| words.iter().all(|word| line.contains(word)));
        assert!(found, "{words:?} is missing in\n{}", shown.join("\n"));
    }
}

#[test]
fn a_system_that_is_away_is_shown_with_the_reason() {
    let mut history = WatchHistory::default();
    assert!(shown(&history, 80, 24)[0].contains("reading the status"));
    history.add(Sample {
        at: Instant::now(),
        status: Err("cannot connect to 10.0.0.1".into()),
        metrics: Err("no process runs".into()),
    });
    let shown = shown(&history, 80, 24).join("\n");
    assert!(
        shown.contains("no status: cannot connect to 10.0.0.1"),
        "{shown}"
    );
    assert!(shown.contains("no process runs"), "{shown}");
}

#[test]
fn a_small_terminal_shows_what_fits() {
    let mut history = WatchHistory::default();
    history.add(sample(Instant::now(), 1));
    for (width, height) in [(1, 1), (3, 40), (20, 5), (200, 2), (60, 10)] {
        assert_eq!(shown(&history, width, height).len(), usize::from(height));
    }
}

#[test]
fn q_escape_and_control_c_quit() {
    let key = |code, modifiers| Event::Key(KeyEvent::new(code, modifiers));
    for (event, expected) in [
        (
            key(KeyCode::Char('q'), KeyModifiers::NONE),
            Some(Input::Quit),
        ),
        (key(KeyCode::Esc, KeyModifiers::NONE), Some(Input::Quit)),
        (
            key(KeyCode::Char('c'), KeyModifiers::CONTROL),
            Some(Input::Quit),
        ),
        (key(KeyCode::Char('c'), KeyModifiers::NONE), None),
        (Event::Resize(80, 24), Some(Input::Redraw)),
    ] {
        assert_eq!(interpret(&event), expected, "{event:?}");
    }
}
