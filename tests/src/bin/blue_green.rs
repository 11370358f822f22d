//! `make blue-green`: the read models of a large log are built anew under a thousand sends a second. The build
//! is killed in the middle and gone on with; it is compared and swapped; and nobody's query fails meanwhile.
//! Ends with 1 if anything of that is not so.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use eventually::eventually_within;
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use tests::client::Client;
use tests::process::ChildProcess;
use tests::program::Program;
use tests::service::{run_tidings, service_env};
use tests::world::create_dir;
use tests::{binary, feed, message_file, servers};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// Those who send, each into a group of their own, in turns.
const SENDERS: usize = 50;

/// Those who ask, one query after the other.
const READERS: usize = 4;

/// How long projecting may stop for the swap.
const SWAP_AT_MOST: f64 = 200.0;

/// How long a step of the build may take.
const PATIENCE: Duration = Duration::from_secs(900);

type Env = Vec<(&'static str, String)>;

#[derive(Parser)]
struct Arguments {
    /// Messages in the log before.
    #[arg(long, default_value_t = 300_000)]
    messages: usize,
    /// Sends a second, meanwhile.
    #[arg(long, default_value_t = 1_000)]
    rate: usize,
}

/// What one task saw.
#[derive(Default)]
struct Seen {
    answers: u64,
    wrong: Vec<String>,
    slowest: Duration,
}

impl Seen {
    fn take(&mut self, took: Duration, wrong: Option<String>) {
        self.answers += 1;
        self.wrong.extend(wrong);
        self.slowest = self.slowest.max(took);
    }

    fn add(&mut self, other: Self) {
        self.answers += other.answers;
        self.wrong.extend(other.wrong);
        self.slowest = self.slowest.max(other.slowest);
    }
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let dir = create_dir();
    let servers = servers::start_both(&dir.join("servers"));
    let up = Program::start(&servers, &dir).await?;
    let env = service_env(&servers.database_url, &servers.nats_url);
    import(&dir, &env, arguments.messages).await?;
    up.measure_lag().await?;
    for n in 0..SENDERS {
        let owner = up.user(&format!("sender{n}"));
        let made = owner.create_group(&format!("busy{n}"), &["listener"]).await;
        ensure!(made.status == 201, "{made}");
    }
    up.measure_lag().await?;
    let listener = up.user("listener");
    let before = feed::read_all(&listener, 500, 0).await;
    let cursor = listener.get_ok("/v1/inbox/entries?limit=1").await["cursor"].clone();
    let stop = CancellationToken::new();
    let mut senders = JoinSet::new();
    for n in 0..SENDERS {
        let pause = Duration::from_secs_f64(SENDERS as f64 / arguments.rate as f64);
        senders.spawn(send(up.user(&format!("sender{n}")), n, pause, stop.clone()));
    }
    let mut readers = JoinSet::new();
    for n in 0..READERS {
        readers.spawn(read(
            up.user(&format!("sender{n}")),
            n,
            cursor.clone(),
            stop.clone(),
        ));
    }
    let began = Instant::now();
    let head = up.head().await?;
    kill_in_the_middle(&dir, &env, &up.database_url, head / 2).await?;
    let said = go_on(&env).await?;
    let took = began.elapsed();
    stop.cancel();
    let run = Run {
        rate: arguments.rate,
        said,
        took,
        sent: all(senders).await?,
        asked: all(readers).await?,
        lag: up.measure_lag().await?,
        is_verified: run_tidings(&["verify"], &env).await.status.success(),
        are_cursors_good: feed::read_all(&listener, 500, 0).await.starts_with(&before),
    };
    run.print()
}

/// What there is to judge.
struct Run {
    /// Sends a second that were wanted.
    rate: usize,
    /// What the rebuild printed.
    said: String,
    took: Duration,
    sent: Seen,
    asked: Seen,
    lag: Duration,
    is_verified: bool,
    are_cursors_good: bool,
}

impl Run {
    fn print(&self) -> Result<ExitCode> {
        let Self { said, took, .. } = self;
        println!("{said}");
        let swap: f64 = said
            .split_once("swapped in ")
            .and_then(|(_, rest)| rest.split_once(" ms")?.0.parse().ok())
            .context("the rebuild does not say how long the swap took")?;
        let rate = self.sent.answers as f64 / took.as_secs_f64();
        for (what, seen) in [("sends", &self.sent), ("queries", &self.asked)] {
            println!(
                "{what}: {} in {:.0} s, {} failed, the slowest took {:.0} ms",
                seen.answers,
                took.as_secs_f64(),
                seen.wrong.len(),
                seen.slowest.as_secs_f64() * 1000.0
            );
            for wrong in seen.wrong.iter().take(5) {
                println!("  {wrong}");
            }
        }
        println!(
            "{rate:.0} sends a second, the read models {:.2} s behind at the end",
            self.lag.as_secs_f64()
        );
        let is_well = self.sent.wrong.is_empty() && self.asked.wrong.is_empty();
        let holds = [
            (
                "the killed one is gone on with",
                said.contains("resumed at position"),
            ),
            (
                "the digests are equal",
                said.contains("identical to the served read models"),
            ),
            ("and again afterwards", self.is_verified),
            ("no send and no query has failed", is_well),
            ("the rate was kept", rate >= 0.9 * self.rate as f64),
            ("the swap took 200 ms at most", swap <= SWAP_AT_MOST),
            ("cursors of before are good", self.are_cursors_good),
        ];
        for (what, holds) in holds {
            println!("{}: {what}", if holds { "yes" } else { "NO" });
        }
        let all = holds.iter().all(|(_, holds)| *holds);
        Ok(ExitCode::from(u8::from(!all)))
    }
}

async fn import(dir: &Path, env: &Env, messages: usize) -> Result<()> {
    let file = dir.join("messages.jsonl");
    message_file::write_messages(
        &file,
        messages,
        message_file::LARGE_SYSTEM_CONVERSATIONS,
        None,
    )?;
    let (file, data) = (file.to_string_lossy(), dir.join("data"));
    let output = run_tidings(&["import", &file, "--data", &data.to_string_lossy()], env).await;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

/// One send a pause, and at most one at a time.
async fn send(client: Client, n: usize, pause: Duration, stop: CancellationToken) -> Seen {
    let (room, mut seen, mut ticks) = (format!("busy{n}"), Seen::default(), interval(pause));
    // What was missed is made up for, so that the rate holds.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        let began = Instant::now();
        let answer = client
            .send(&room, &seen.answers.to_string(), "under load")
            .await;
        seen.take(
            began.elapsed(),
            (answer.status != 201).then(|| answer.to_string()),
        );
    }
    seen
}

/// Sends something now and then, and asks for it in every way, as new as it is.
async fn read(client: Client, n: usize, cursor: Value, stop: CancellationToken) -> Seen {
    let (room, mut seen) = (format!("busy{n}"), Seen::default());
    while !stop.is_cancelled() {
        let sent = client
            .send(&room, &format!("r{}", seen.answers), "read")
            .await;
        let position = sent.position();
        for path in [
            format!("/v1/inbox/unread?min_position={position}"),
            format!("/v1/inbox?min_position={position}"),
            format!("/v1/conversations/{room}/messages?min_position={position}"),
            format!("/v1/inbox/entries?after={cursor}&min_position={position}"),
            // An index is as new as its last commit, which is of another moment.
            "/v1/search?q=read".to_owned(),
        ] {
            let began = Instant::now();
            let answer = client.get(&path).await;
            seen.take(
                began.elapsed(),
                (answer.status != 200).then(|| answer.to_string()),
            );
        }
    }
    seen
}

async fn all(mut tasks: JoinSet<Seen>) -> Result<Seen> {
    let mut seen = Seen::default();
    while let Some(ended) = tasks.join_next().await {
        seen.add(ended?);
    }
    Ok(seen)
}

async fn kill_in_the_middle(dir: &Path, env: &Env, database_url: &str, middle: i64) -> Result<()> {
    let mut command = Command::new(binary::path());
    command.arg("rebuild").envs(env.iter().cloned());
    let mut build =
        ChildProcess::start("tidings rebuild", command, &dir.join("rebuild.log"), None)?;
    let mut connection = PgConnection::connect(database_url).await?;
    eventually_within(PATIENCE, "half of it is rebuilt", async || {
        let position: i64 = sqlx::query_scalar("SELECT position FROM read_rebuild.checkpoint")
            .fetch_one(&mut connection)
            .await
            .ok()?;
        (position >= middle).then_some(())
    })
    .await;
    build.kill();
    Ok(())
}

/// The second one, once the lock of the first is free.
async fn go_on(env: &Env) -> Result<String> {
    eventually_within(PATIENCE, "the rebuild ends", async || {
        let output = run_tidings(&["rebuild"], env).await;
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        if error.contains("under way") {
            return None;
        }
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        Some(if output.status.success() {
            Ok(said)
        } else {
            Err(anyhow::anyhow!(error))
        })
    })
    .await
}
