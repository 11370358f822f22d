//! `make blue-green`: rebuilds the read models of a large log under a thousand sends per second.
//! The rebuild is killed in the middle, resumed, compared and swapped in, and no query may fail.
//! The exit status is 1 if any of this does not hold.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use eventually::eventually_within;
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use tests::client::Client;
use tests::message_file::{LARGE_SYSTEM_CONVERSATIONS, write_messages};
use tests::process::ChildProcess;
use tests::program::Program;
use tests::service::{run_tidings, service_env};
use tests::world::create_dir;
use tests::{binary, feed, servers};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::statistics::millis;

/// Users who send, each to their own group.
const SENDERS: usize = 50;

/// Users who query without a pause.
const READERS: usize = 4;

/// How long projecting may stop for the swap, in milliseconds.
const MAX_SWAP_MS: f64 = 200.0;

/// How long a step of the rebuild may take.
const STEP_TIMEOUT: Duration = Duration::from_secs(900);

/// The page size with which feeds are read.
const FEED_PAGE_SIZE: usize = 500;

/// How many failures are printed.
const MAX_SHOWN_FAILURES: usize = 5;

type Env = Vec<(&'static str, String)>;

/// The options of `benches blue-green`.
#[derive(clap::Args)]
pub struct Args {
    /// Messages in the log before the rebuild.
    #[arg(long, default_value_t = 300_000)]
    messages: usize,
    /// Sends per second during the rebuild.
    #[arg(long, default_value_t = 1_000)]
    rate: usize,
}

/// The calls of some tasks.
#[derive(Default)]
struct CallStatistics {
    calls: u64,
    failures: Vec<String>,
    slowest: Duration,
}

impl CallStatistics {
    fn record(&mut self, duration: Duration, failure: Option<String>) {
        self.calls += 1;
        self.failures.extend(failure);
        self.slowest = self.slowest.max(duration);
    }

    fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.failures.extend(other.failures);
        self.slowest = self.slowest.max(other.slowest);
    }
}

/// Rebuilds under load and prints what holds.
pub async fn run(args: &Args) -> Result<ExitCode> {
    let dir = create_dir();
    let servers = servers::start_both(&dir.join("servers"));
    let program = Program::start(&servers, &dir).await?;
    let env = service_env(&servers.database_url, &servers.nats_url);
    import(&dir, &env, args.messages).await?;
    program.measure_lag().await?;
    create_groups(&program).await?;
    let listener = program.user("listener");
    let feed_before = feed::read_all(&listener, FEED_PAGE_SIZE, 0).await;
    let first_page = listener.get_ok("/v1/inbox/entries?limit=1").await;
    let stop = CancellationToken::new();
    let senders = spawn_senders(&program, args.rate, &stop);
    let readers = spawn_readers(&program, &first_page["cursor"], &stop);
    let start = Instant::now();
    let head = program.head().await?;
    kill_halfway(&dir, &env, &program.database_url, head / 2).await?;
    let output = resume(&env).await?;
    let duration = start.elapsed();
    stop.cancel();
    let run = RebuildRun {
        requested_rate: args.rate,
        output,
        duration,
        sends: join_all(senders).await?,
        queries: join_all(readers).await?,
        lag: program.measure_lag().await?,
        is_verified: run_tidings(&["verify"], &env).await.status.success(),
        are_cursors_valid: feed::read_all(&listener, FEED_PAGE_SIZE, 0)
            .await
            .starts_with(&feed_before),
    };
    run.print()
}

async fn create_groups(program: &Program) -> Result<()> {
    for n in 0..SENDERS {
        let owner = program.user(&format!("sender{n}"));
        let answer = owner.create_group(&format!("busy{n}"), &["listener"]).await;
        ensure!(answer.status == 201, "{answer}");
    }
    program.measure_lag().await?;
    Ok(())
}

fn spawn_senders(
    program: &Program,
    rate: usize,
    stop: &CancellationToken,
) -> JoinSet<CallStatistics> {
    let pause = Duration::from_secs_f64(SENDERS as f64 / rate as f64);
    (0..SENDERS)
        .map(|n| send(program.user(&format!("sender{n}")), n, pause, stop.clone()))
        .collect()
}

fn spawn_readers(
    program: &Program,
    cursor: &Value,
    stop: &CancellationToken,
) -> JoinSet<CallStatistics> {
    let client = |n| program.user(&format!("sender{n}"));
    (0..READERS)
        .map(|n| query(client(n), n, cursor.clone(), stop.clone()))
        .collect()
}

/// The results of a rebuild under load.
struct RebuildRun {
    /// The requested sends per second.
    requested_rate: usize,
    /// The output of `tidings rebuild`.
    output: String,
    duration: Duration,
    sends: CallStatistics,
    queries: CallStatistics,
    lag: Duration,
    is_verified: bool,
    are_cursors_valid: bool,
}

impl RebuildRun {
    fn print(&self) -> Result<ExitCode> {
        println!("{}", self.output);
        let swap_ms: f64 = self
            .output
            .split_once("swapped in ")
            .and_then(|(_, rest)| rest.split_once(" ms")?.0.parse().ok())
            .context("the output does not say how long the swap took")?;
        self.print_calls();
        let rate = self.rate();
        println!(
            "{rate:.0} sends per second, the read models {:.2} s behind at the end",
            self.lag.as_secs_f64()
        );
        let has_no_failures = self.sends.failures.is_empty() && self.queries.failures.is_empty();
        let checks = [
            (
                "the killed rebuild was resumed",
                self.output.contains("resumed at position"),
            ),
            (
                "the digests are equal",
                self.output.contains("identical to the served read models"),
            ),
            ("they are equal after the run", self.is_verified),
            ("no send and no query failed", has_no_failures),
            (
                "the rate was sustained",
                rate >= 0.9 * self.requested_rate as f64,
            ),
            ("the swap took at most 200 ms", swap_ms <= MAX_SWAP_MS),
            ("earlier cursors are valid", self.are_cursors_valid),
        ];
        for (name, holds) in checks {
            println!("{}: {name}", if holds { "yes" } else { "NO" });
        }
        let all_hold = checks.iter().all(|(_, holds)| *holds);
        Ok(ExitCode::from(u8::from(!all_hold)))
    }

    fn rate(&self) -> f64 {
        self.sends.calls as f64 / self.duration.as_secs_f64()
    }

    fn print_calls(&self) {
        for (name, calls) in [("sends", &self.sends), ("queries", &self.queries)] {
            println!(
                "{name}: {} in {:.0} s, {} failed, the slowest took {:.0} ms",
                calls.calls,
                self.duration.as_secs_f64(),
                calls.failures.len(),
                millis(calls.slowest)
            );
            for failure in calls.failures.iter().take(MAX_SHOWN_FAILURES) {
                println!("  {failure}");
            }
        }
    }
}

async fn import(dir: &Path, env: &Env, messages: usize) -> Result<()> {
    let file = dir.join("messages.jsonl");
    write_messages(&file, messages, LARGE_SYSTEM_CONVERSATIONS, None)?;
    let (file, data) = (file.to_string_lossy(), dir.join("data"));
    let output = run_tidings(&["import", &file, "--data", &data.to_string_lossy()], env).await;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{error}");
    Ok(())
}

/// Sends at a fixed rate, one message at a time.
async fn send(
    client: Client,
    n: usize,
    pause: Duration,
    stop: CancellationToken,
) -> CallStatistics {
    let conversation = format!("busy{n}");
    let mut statistics = CallStatistics::default();
    let mut ticks = interval(pause);
    // Missed ticks are made up for, so that the rate is sustained.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        let start = Instant::now();
        let key = statistics.calls.to_string();
        let answer = client.send(&conversation, &key, "under load").await;
        let failure = (answer.status != 201).then(|| answer.to_string());
        statistics.record(start.elapsed(), failure);
    }
    statistics
}

/// Sends a message and queries it in every way, at least as new as the send, again and again.
async fn query(client: Client, n: usize, cursor: Value, stop: CancellationToken) -> CallStatistics {
    let conversation = format!("busy{n}");
    let mut statistics = CallStatistics::default();
    while !stop.is_cancelled() {
        let key = format!("r{}", statistics.calls);
        let position = client.send(&conversation, &key, "read").await.position();
        for path in [
            format!("/v1/inbox/unread?min_position={position}"),
            format!("/v1/inbox?min_position={position}"),
            format!("/v1/conversations/{conversation}/messages?min_position={position}"),
            format!(
                "/v1/inbox/entries?after={}&min_position={position}",
                cursor.as_str().unwrap_or_default()
            ),
            // Without a position, because the index is only as new as its last commit.
            "/v1/search?q=read".to_owned(),
        ] {
            let start = Instant::now();
            let answer = client.get(&path).await;
            let failure = (answer.status != 200).then(|| answer.to_string());
            statistics.record(start.elapsed(), failure);
        }
    }
    statistics
}

async fn join_all(mut tasks: JoinSet<CallStatistics>) -> Result<CallStatistics> {
    let mut statistics = CallStatistics::default();
    while let Some(result) = tasks.join_next().await {
        statistics.add(result?);
    }
    Ok(statistics)
}

/// Starts a rebuild and kills it once it has reached `position`.
async fn kill_halfway(dir: &Path, env: &Env, database_url: &str, position: i64) -> Result<()> {
    let mut command = Command::new(binary::path());
    command.arg("rebuild").envs(env.iter().cloned());
    let log = dir.join("rebuild.log");
    let mut rebuild = ChildProcess::start("tidings rebuild", command, &log, None)?;
    let mut connection = PgConnection::connect(database_url).await?;
    eventually_within(STEP_TIMEOUT, "half of the log is rebuilt", async || {
        let reached: i64 = sqlx::query_scalar("SELECT position FROM read_rebuild.checkpoint")
            .fetch_one(&mut connection)
            .await
            .ok()?;
        (reached >= position).then_some(())
    })
    .await;
    rebuild.kill();
    Ok(())
}

/// Runs the second rebuild, once the lock of the first one is free.
async fn resume(env: &Env) -> Result<String> {
    eventually_within(STEP_TIMEOUT, "the rebuild ends", async || {
        let output = run_tidings(&["rebuild"], env).await;
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        if error.contains("already in progress") {
            return None;
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Some(if output.status.success() {
            Ok(text)
        } else {
            Err(anyhow::anyhow!(error))
        })
    })
    .await
}
