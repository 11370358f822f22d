//! The memory of a large import: imports a generated file into a new system with `tidings import`.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use eventually::pause;
use tests::message_file::{LARGE_SYSTEM_CONVERSATIONS, write_messages};
use tests::process::ChildProcess;
use tests::program::Program;
use tests::world::create_dir;
use tests::{binary, servers, token};

/// How often memory is read.
const MEMORY_INTERVAL: Duration = Duration::from_millis(100);

/// A large import, with the peak memory of both processes in KiB.
pub struct ImportRun {
    /// The number of messages.
    pub messages: usize,
    /// How long it took.
    pub duration: Duration,
    /// The peak memory of `tidings import`.
    pub import_peak: u64,
    /// The peak memory of `tidings up`.
    pub up_peak: u64,
}

/// Imports this many messages.
pub async fn measure(messages: usize) -> Result<ImportRun> {
    let dir = create_dir();
    let file = dir.join("million.jsonl");
    write_messages(&file, messages, LARGE_SYSTEM_CONVERSATIONS, None)?;
    let servers = servers::start_both(&dir.join("servers"));
    let program = Program::start(&servers, &dir).await?;
    let mut command = Command::new(binary::path());
    command
        .arg("import")
        .arg(&file)
        .arg("--data")
        .arg(dir.join("data"));
    command.env("TIDINGS_AUTH_SECRET", token::SECRET);
    let start = Instant::now();
    let log = dir.join("import.log");
    let mut import = ChildProcess::start("tidings import", command, &log, None)?;
    let mut import_peak = 0;
    while import.is_running() {
        import_peak = import_peak.max(import.memory().map_or(0, |memory| memory.peak));
        pause(MEMORY_INTERVAL).await;
    }
    let duration = start.elapsed();
    let head = program.head().await?;
    ensure!(
        head > messages as i64,
        "{head} events after {messages} messages: {}",
        import.log_tail()
    );
    Ok(ImportRun {
        messages,
        duration,
        import_peak,
        up_peak: program.service.process.memory()?.peak,
    })
}
