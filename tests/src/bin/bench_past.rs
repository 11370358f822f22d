//! `make bench-past`: what a query of the past costs beside the same query of now, for an ordinary user, in
//! one run on one machine. Ends with 1 if it is more than ten times as much.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::json;
use tests::client::Client;
use tests::program::Program;
use tests::seed::Rng;
use tests::service::{run_tidings, service_env};
use tests::world::create_dir;
use tests::{message_file, servers, token};

/// The user.
const WHO: &str = "ann";

/// How many times as long the past may take.
const AT_MOST: f64 = 10.0;

/// Commands at a time while the history is made.
const AT_ONCE: usize = 16;

/// Measures every call that knows of the past, and prints a table for BENCHMARKS.md.
#[derive(Parser)]
struct Arguments {
    /// Conversations of the user.
    #[arg(long, default_value_t = 500)]
    conversations: usize,
    /// Messages in all of them.
    #[arg(long, default_value_t = 200_000)]
    messages: usize,
    /// How often the user has read in each.
    #[arg(long, default_value_t = 20)]
    reads: usize,
    /// How often each call is made.
    #[arg(long, default_value_t = 100)]
    calls: usize,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let dir = create_dir();
    let file = dir.join("messages.jsonl");
    message_file::write_messages(
        &file,
        arguments.messages,
        arguments.conversations,
        Some(WHO),
    )?;
    let servers = servers::start_both(&dir.join("servers"));
    let up = Program::start(&servers, &dir).await?;
    let env = service_env(&servers.database_url, &servers.nats_url);
    let (file, data) = (file.to_string_lossy(), dir.join("data"));
    eprintln!("importing {} messages", arguments.messages);
    let output = run_tidings(&["import", &file, "--data", &data.to_string_lossy()], &env).await;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    up.measure_lag().await?;
    let before = up.head().await?;
    let ann = up.user(WHO).with_token(Some(token::for_admin(WHO)));
    read(&ann, &arguments).await?;
    up.measure_lag().await?;
    let head = up.head().await?;
    eprintln!("{head} events, {} of them reads of {WHO}", head - before);
    println!("| call | now, median | then, median | ratio |\n|---|---|---|---|");
    let mut worst: f64 = 0.0;
    let mut rng = Rng::new(1);
    for path in [
        "/v1/inbox",
        "/v1/inbox/unread",
        "/v1/inbox/unread/room-7/explain",
        "/v1/conversations/room-7",
        "/v1/conversations/room-7/members",
        "/v1/conversations/room-7/messages",
        "/v1/conversations/room-7/messages/3",
        "/v1/conversations/room-7/messages/3/history",
        "/v1/conversations/room-7/messages/3/receipts",
    ] {
        let (mut now, mut then) = (Vec::new(), Vec::new());
        for _ in 0..arguments.calls {
            now.push(call(&ann, path).await?);
            // Anywhere in the second half: before, there is less to tell.
            let position = rng.between(head / 2, head);
            then.push(call(&ann, &format!("{path}?as_of={position}")).await?);
        }
        let (now, then) = (median(now)?, median(then)?);
        let ratio = then.as_secs_f64() / now.as_secs_f64();
        worst = worst.max(ratio);
        let ms = |took: Duration| took.as_secs_f64() * 1000.0;
        println!(
            "| `{path}` | {:.1} ms | {:.1} ms | {ratio:.1}x |",
            ms(now),
            ms(then)
        );
    }
    println!("\nAt most {AT_MOST}x is allowed, {worst:.1}x is the most.");
    Ok(ExitCode::from(u8::from(worst > AT_MOST)))
}

/// Reads a little further in every conversation, again and again.
async fn read(ann: &Client, arguments: &Arguments) -> Result<()> {
    let in_each = arguments.messages / arguments.conversations;
    let marks = (1..=arguments.reads).flat_map(|n| {
        let seq = in_each * n / (arguments.reads + 1);
        (0..arguments.conversations).map(move |room| (room, seq))
    });
    let reading = stream::iter(marks).map(|(room, seq)| async move {
        let path = format!("/v1/conversations/room-{room}/read");
        let answer = ann.post(&path, json!({ "up_to": seq })).await;
        ensure!(answer.status == 200, "{answer}");
        Ok(())
    });
    reading.buffered(AT_ONCE).try_collect().await
}

async fn call(ann: &Client, path: &str) -> Result<Duration> {
    let began = Instant::now();
    let answer = ann.get(path).await;
    let took = began.elapsed();
    ensure!(answer.status == 200, "{answer}");
    Ok(took)
}

fn median(mut took: Vec<Duration>) -> Result<Duration> {
    took.sort_unstable();
    took.get(took.len() / 2).copied().context("no calls")
}
