//! `make bench-past`: compares queries of the past with the same queries now, for one user, in one
//! run on one machine. The exit status is 1 if the past takes more than ten times as long.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::json;
use tests::client::Client;
use tests::message_file::write_messages;
use tests::program::Program;
use tests::seed::Rng;
use tests::service::{run_tidings, service_env};
use tests::world::create_dir;
use tests::{servers, token};

use crate::statistics::{median, millis};

/// The user who queries.
const USER: &str = "ann";

/// How many times as long a query of the past may take.
const MAX_RATIO: f64 = 10.0;

/// Commands sent at a time while the history is created.
const COMMAND_CONCURRENCY: usize = 16;

/// The queries that accept `as_of`.
const PATHS: [&str; 9] = [
    "/v1/inbox",
    "/v1/inbox/unread",
    "/v1/inbox/unread/room-7/explain",
    "/v1/conversations/room-7",
    "/v1/conversations/room-7/members",
    "/v1/conversations/room-7/messages",
    "/v1/conversations/room-7/messages/3",
    "/v1/conversations/room-7/messages/3/history",
    "/v1/conversations/room-7/messages/3/receipts",
];

/// The options of `benches as-of`.
#[derive(clap::Args)]
pub struct Args {
    /// Conversations of the user.
    #[arg(long, default_value_t = 500)]
    conversations: usize,
    /// Messages in all of them.
    #[arg(long, default_value_t = 200_000)]
    messages: usize,
    /// How often the user reads in each.
    #[arg(long, default_value_t = 20)]
    reads: usize,
    /// How often each query is made.
    #[arg(long, default_value_t = 100)]
    calls: usize,
}

/// Measures every query that accepts `as_of` and prints the table of docs/benchmarks/as-of.md.
pub async fn run(args: &Args) -> Result<ExitCode> {
    let dir = create_dir();
    let file = dir.join("messages.jsonl");
    write_messages(&file, args.messages, args.conversations, Some(USER))?;
    let servers = servers::start_both(&dir.join("servers"));
    let program = Program::start(&servers, &dir).await?;
    let env = service_env(&servers.database_url, &servers.nats_url);
    let (file, data) = (file.to_string_lossy(), dir.join("data"));
    eprintln!("importing {} messages", args.messages);
    let output = run_tidings(&["import", &file, "--data", &data.to_string_lossy()], &env).await;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{error}");
    program.measure_lag().await?;
    let imported = program.head().await?;
    let client = program.user(USER).with_token(Some(token::for_admin(USER)));
    read_everywhere(&client, args).await?;
    program.measure_lag().await?;
    let head = program.head().await?;
    eprintln!("{head} events, {} of them reads of {USER}", head - imported);
    println!("| query | now, median | as of, median | ratio |\n|---|---|---|---|");
    let mut highest: f64 = 0.0;
    let mut rng = Rng::new(1);
    for path in PATHS {
        highest = highest.max(compare(&client, path, args.calls, head, &mut rng).await?);
    }
    println!("\nThe highest ratio is {highest:.1}x; at most {MAX_RATIO}x is allowed.");
    Ok(ExitCode::from(u8::from(highest > MAX_RATIO)))
}

/// Measures one query now and in the past, prints a row, and returns the ratio.
async fn compare(
    client: &Client,
    path: &str,
    calls: usize,
    head: i64,
    rng: &mut Rng,
) -> Result<f64> {
    let (mut now, mut past) = (Vec::new(), Vec::new());
    for _ in 0..calls {
        now.push(measure_call(client, path).await?);
        // In the second half of the log, because there is less to return before.
        let position = rng.between(head / 2, head);
        past.push(measure_call(client, &format!("{path}?as_of={position}")).await?);
    }
    let (now, past) = (median(now), median(past));
    let ratio = past.as_secs_f64() / now.as_secs_f64();
    println!(
        "| `{path}` | {:.1} ms | {:.1} ms | {ratio:.1}x |",
        millis(now),
        millis(past)
    );
    Ok(ratio)
}

/// Advances the read mark of every conversation step by step.
async fn read_everywhere(client: &Client, args: &Args) -> Result<()> {
    let messages = args.messages / args.conversations;
    let marks = (1..=args.reads).flat_map(|n| {
        let seq = messages * n / (args.reads + 1);
        (0..args.conversations).map(move |conversation| (conversation, seq))
    });
    let reads = stream::iter(marks).map(|(conversation, seq)| async move {
        let path = format!("/v1/conversations/room-{conversation}/read");
        let answer = client.post(&path, json!({ "up_to": seq })).await;
        ensure!(answer.status == 200, "{answer}");
        Ok(())
    });
    reads.buffered(COMMAND_CONCURRENCY).try_collect().await
}

async fn measure_call(client: &Client, path: &str) -> Result<Duration> {
    let start = Instant::now();
    let answer = client.get(path).await;
    let duration = start.elapsed();
    ensure!(answer.status == 200, "{answer}");
    Ok(duration)
}
