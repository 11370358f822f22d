//! Memory of a large import: a generated file, the real `tidings import`, a fresh system.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tests::process::ChildProcess;
use tests::world::create_dir;
use tests::{binary, message_file, servers};

use crate::report::{Import, Report};
use tests::program::Program;

/// How often memory is read.
const LOOK: Duration = Duration::from_millis(100);

/// Imports this many messages.
pub async fn run(messages: usize, report: &mut Report) -> Result<()> {
    let dir = create_dir();
    let file = dir.join("million.jsonl");
    message_file::write_messages(
        &file,
        messages,
        message_file::LARGE_SYSTEM_CONVERSATIONS,
        None,
    )?;
    let servers = servers::start_both(&dir.join("servers"));
    let up = Program::start(&servers, &dir).await?;
    let mut command = Command::new(binary::path());
    command
        .arg("import")
        .arg(&file)
        .arg("--data")
        .arg(dir.join("data"));
    command.env("TIDINGS_AUTH_SECRET", tests::token::SECRET);
    let start = Instant::now();
    let mut import = ChildProcess::start("tidings import", command, &dir.join("import.log"), None)?;
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
        import.log_tail()
    );
    report.import = Some(Import {
        messages,
        time,
        import: peak,
        up: up.service.process.memory()?.peak,
    });
    Ok(())
}
