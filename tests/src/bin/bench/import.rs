//! Memory of a large import: a generated file, the real `tidings import`, a fresh system.

use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tests::process::Owned;
use tests::seed::Rng;
use tests::world::directory;
use tests::{binary, servers};

use crate::report::{Import, Report};
use tests::up::Up;

const CONVERSATIONS: usize = 5_000;
/// Who write in one of them.
const PEOPLE: usize = 40;
const USERS: usize = 20_000;

/// How often memory is read.
const LOOK: Duration = Duration::from_millis(100);

/// Imports this many messages.
pub async fn run(messages: usize, report: &mut Report) -> Result<()> {
    let dir = directory();
    let file = dir.join("million.jsonl");
    generate(&file, messages)?;
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

fn generate(file: &Path, messages: usize) -> Result<()> {
    let mut rng = Rng::new(1);
    let mut out = BufWriter::new(std::fs::File::create(file)?);
    let words = [
        "the",
        "quick",
        "brown",
        "fox",
        "jumps",
        "over",
        "你好",
        "世界",
        "東京",
        "お疲れ様です",
        "안녕하세요",
    ];
    for n in 0..messages {
        let conversation = rng.below(CONVERSATIONS);
        let user = (conversation * PEOPLE + rng.below(PEOPLE)) % USERS;
        let time = 1_500_000_000 + n;
        let text: Vec<&str> = (0..4 + rng.below(12)).map(|_| *rng.pick(&words)).collect();
        // Days and hours do not matter; that they never run backwards does.
        let sent_at = format!(
            "20{:02}-{:02}-{:02}T{:02}:{:02}:{:02}.000Z",
            10 + time / 100_000_000 % 10,
            1 + n / 100_000 % 12,
            1 + n / 4_000 % 25,
            n / 3_600 % 24,
            n / 60 % 60,
            n % 60
        );
        writeln!(
            out,
            r#"{{"id":"m{n}","conversation":"room-{conversation}","sender":"user-{user}","sent_at":"{sent_at}","text":"{}"}}"#,
            text.join(" ")
        )?;
    }
    Ok(out.flush()?)
}
