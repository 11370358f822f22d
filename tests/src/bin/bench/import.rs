//! Memory of a large import: a generated file, the real `tidings import`, a fresh system.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tests::process::Owned;
use tests::world::directory;
use tests::{binary, generated, servers};

use crate::report::{Import, Report};
use tests::up::Up;

/// How often memory is read.
const LOOK: Duration = Duration::from_millis(100);

/// Imports this many messages.
pub async fn run(messages: usize, report: &mut Report) -> Result<()> {
    let dir = directory();
    let file = dir.join("million.jsonl");
    generated::messages(&file, messages, generated::LARGE, None)?;
    let servers = servers::both(&dir.join("servers"));
    let up = Up::start(&servers, &dir).await?;
    let mut command = Command::new(binary::tidings());
    command
        .arg("import")
        .arg(&file)
        .arg("--data")
        .arg(dir.join("data"));
    command.env("TIDINGS_AUTH_SECRET", tests::token::SECRET);
    let start = Instant::now();
    let mut import = Owned::start("tidings import", command, &dir.join("import.log"), None)?;
    let mut peak = 0;
    while import.is_running() {
        peak = peak.max(import.memory().map_or(0, |memory| memory.peak));
        tokio::time::sleep(LOOK).await;
    }
    let time = start.elapsed();
    let head = up.head().await?;
    ensure!(
        head > messages as i64,
        "{head} events after {messages} messages: {}",
        import.last_words()
    );
    report.import = Some(Import {
        messages,
        time,
        import: peak,
        up: up.service.child.memory()?.peak,
    });
    Ok(())
}
