//! `tidings status --watch`: a screen that shows rates, lags, connections and errors.
//!
//! - `metrics`: scrapes the running process. `history`: the samples, and the rates between them.
//! - `screen`: draws them. [`watch_status`]: samples and draws until a key ends it.

mod history;
mod metrics;
mod screen;

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use data_dir::UsageError;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::collect::{StatusSources, collect_status};
use history::{Sample, WatchHistory};
use metrics::Metrics;

/// The time between two samples.
const SAMPLE_INTERVAL: Duration = Duration::from_secs(2);

/// How long the thread that reads keys waits before it looks whether it is still needed.
const KEY_TIMEOUT: Duration = Duration::from_millis(200);

/// The key presses that wait to be handled.
const MAX_INPUTS: usize = 16;

/// What a key press means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Input {
    Quit,
    Redraw,
}

/// Shows the status on the terminal until `q`, Escape, Ctrl-C or a signal ends it. `metrics` is the
/// port of the metrics, if they have one of their own.
pub async fn watch_status(sources: StatusSources<'_>, metrics: Option<SocketAddr>) -> Result<()> {
    if !std::io::stdout().is_terminal() {
        let text = "--watch needs a terminal; without one, use `tidings status --json`";
        return Err(UsageError(text.into()).into());
    }
    let mut terminal = ratatui::try_init().context("cannot use the terminal")?;
    let outcome = run(&mut terminal, sources, metrics).await;
    ratatui::restore();
    outcome
}

async fn run(
    terminal: &mut DefaultTerminal,
    sources: StatusSources<'_>,
    metrics: Option<SocketAddr>,
) -> Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    let mut inputs = read_inputs();
    let mut history = WatchHistory::default();
    let mut interval = tokio::time::interval(SAMPLE_INTERVAL);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        terminal.draw(|frame| screen::draw(frame, &history))?;
        let sampled = async {
            interval.tick().await;
            take_sample(sources.clone(), metrics).await
        };
        tokio::pin!(sampled);
        // A key must not wait for a server that is away.
        loop {
            tokio::select! {
                sample = &mut sampled => {
                    history.add(sample);
                    break;
                }
                input = inputs.recv() => match input {
                    Some(Input::Redraw) => {
                        terminal.draw(|frame| screen::draw(frame, &history))?;
                    }
                    Some(Input::Quit) | None => return Ok(()),
                },
                _ = terminated.recv() => return Ok(()),
            }
        }
    }
}

async fn take_sample(sources: StatusSources<'_>, listen: Option<SocketAddr>) -> Sample {
    let running = sources.data.find_running();
    let metrics = async {
        match running {
            Ok(Some(running)) => Metrics::scrape(&running, listen).await,
            Ok(None) => Err(anyhow::anyhow!("no process runs on this directory")),
            Err(error) => Err(error),
        }
    };
    let (status, metrics) = tokio::join!(collect_status(sources), metrics);
    Sample {
        at: Instant::now(),
        status: status.map_err(|error| format!("{error:#}")),
        metrics: metrics.map_err(|error| format!("{error:#}")),
    }
}

/// Reads keys on a thread of its own, which ends when nobody receives them any more.
fn read_inputs() -> mpsc::Receiver<Input> {
    let (sender, receiver) = mpsc::channel(MAX_INPUTS);
    tokio::task::spawn_blocking(move || {
        while !sender.is_closed() {
            match event::poll(KEY_TIMEOUT) {
                Ok(false) => {}
                Ok(true) => {
                    let Ok(event) = event::read() else { return };
                    if let Some(input) = interpret(&event)
                        && sender.blocking_send(input).is_err()
                    {
                        return;
                    }
                }
                Err(_) => return,
            }
        }
    });
    receiver
}

fn interpret(event: &Event) -> Option<Input> {
    match event {
        Event::Resize(..) => Some(Input::Redraw),
        Event::Key(KeyEvent {
            code,
            modifiers,
            kind: KeyEventKind::Press,
            ..
        }) => {
            let is_interrupt =
                *code == KeyCode::Char('c') && modifiers.contains(KeyModifiers::CONTROL);
            let quits = is_interrupt || matches!(code, KeyCode::Char('q') | KeyCode::Esc);
            quits.then_some(Input::Quit)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
