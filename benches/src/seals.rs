//! `make bench-seals`: what sealing costs sends. Measures the same system with and without seals in
//! turns, in one run.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use embedded_servers::EmbeddedServers;
use embedded_servers::process::Signal;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tests::program::Program;
use tests::world::create_dir;
use tests::{servers, token};

use crate::load_generator::{LoadPlan, LoadResult, RequestTemplate, new_key_prefix, run_load};
use crate::statistics::millis;
use crate::warm_postgres;

/// Groups that get messages.
const GROUPS: usize = 500;

/// Groups created at a time.
const CREATE_CONCURRENCY: usize = 32;

/// Groups whose log is loaded at a time.
const WARM_UP_CONCURRENCY: usize = 4;

/// How long `tidings up` may take to stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);

/// The interval of the seals. There is also one for every 10,000 events.
const SEAL_INTERVAL: &str = "1s";

/// The options of `benches seals`.
#[derive(clap::Args)]
pub struct Args {
    /// How often each setting is measured.
    #[arg(long, default_value_t = 4)]
    rounds: usize,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Connections that send.
    #[arg(long, default_value_t = 256)]
    connections: usize,
}

/// Measures with and without seals and prints the table.
pub async fn run(args: &Args) -> Result<()> {
    let dir = create_dir();
    let servers = servers::start_both(&dir.join("servers"));
    warm_postgres::fill_wal(&servers.database_url).await?;
    create_groups(&servers, &dir).await?;
    let (mut with_seals, mut without_seals) = (Vec::new(), Vec::new());
    for round in 0..args.rounds {
        // Each setting goes first equally often, because the log grows all the time.
        let order = if round % 2 == 0 {
            ["off", SEAL_INTERVAL]
        } else {
            [SEAL_INTERVAL, "off"]
        };
        for interval in order {
            warm_postgres::checkpoint(&servers.database_url).await?;
            let result = measure(&servers, &dir, interval, args).await?;
            eprintln!(
                "seals {interval}: {:.0} sends/s, median {:?}, p99 {:?}",
                result.rate, result.p50, result.p99
            );
            if interval == SEAL_INTERVAL {
                with_seals.push(result);
            } else {
                without_seals.push(result);
            }
        }
    }
    let print = |name, value: fn(&LoadResult) -> f64| {
        print_row(name, &without_seals, &with_seals, value);
    };
    println!("| | without seals | with seals | ratio |\n|---|---|---|---|");
    print("sends/s", |result| result.rate);
    print("median, ms", |result| millis(result.p50));
    print("p99, ms", |result| millis(result.p99));
    Ok(())
}

/// Prints the median of the rounds and their range. A difference within the range of the rounds
/// without seals is noise.
fn print_row(
    name: &str,
    without_seals: &[LoadResult],
    with_seals: &[LoadResult],
    value: fn(&LoadResult) -> f64,
) {
    let sorted = |results: &[LoadResult]| {
        let mut values: Vec<f64> = results.iter().map(value).collect();
        values.sort_unstable_by(f64::total_cmp);
        values
    };
    let (without, with) = (sorted(without_seals), sorted(with_seals));
    let median = |values: &[f64]| values.get(values.len() / 2).copied().unwrap_or(f64::NAN);
    let range = |values: &[f64]| match (values.first(), values.last()) {
        (Some(first), Some(last)) => format!("{first:.1} to {last:.1}"),
        _ => String::new(),
    };
    println!(
        "| {name} | {:.1} ({}) | {:.1} ({}) | {:.2} |",
        median(&without),
        range(&without),
        median(&with),
        range(&with),
        median(&with) / median(&without)
    );
}

async fn create_groups(servers: &EmbeddedServers, dir: &Path) -> Result<()> {
    let mut program = Program::start(servers, dir).await?;
    let creations = stream::iter(0..GROUPS).map(|n| {
        let owner = program.user(&format!("u{n}"));
        async move {
            let answer = owner.create_group(&format!("g{n}"), &["listener"]).await;
            ensure!(answer.status == 201, "{answer}");
            Ok(())
        }
    });
    creations
        .buffer_unordered(CREATE_CONCURRENCY)
        .try_collect::<()>()
        .await?;
    stop(&mut program)
}

async fn measure(
    servers: &EmbeddedServers,
    dir: &Path,
    interval: &str,
    args: &Args,
) -> Result<LoadResult> {
    let env = [("TIDINGS_SEAL_EVERY", interval)];
    let mut program = Program::start_with_env(servers, dir, &env).await?;
    warm_up(&program).await?;
    let template =
        |n: usize| RequestTemplate::send(&format!("g{n}"), &token::for_user(&format!("u{n}")));
    let plan = LoadPlan {
        address: program.address,
        templates: Arc::new((0..GROUPS).map(template).collect()),
        connections: args.connections,
        warm_up: Duration::from_secs(3),
        duration: Duration::from_secs(args.seconds),
    };
    let result = tokio::task::spawn_blocking(move || run_load(&plan)).await??;
    program.measure_lag().await?;
    stop(&mut program)?;
    Ok(result)
}

/// Sends one message to each group. Otherwise the first sends would all wait for their group to be
/// loaded from the log, which is not what is measured.
async fn warm_up(program: &Program) -> Result<()> {
    let prefix = new_key_prefix();
    let sends = stream::iter(0..GROUPS).map(|n| {
        let owner = program.user(&format!("u{n}"));
        async move {
            let key = format!("{prefix:x}-{n}");
            let answer = owner.send(&format!("g{n}"), &key, "good morning").await;
            ensure!(answer.status == 201, "{answer}");
            Ok(())
        }
    });
    sends
        .buffer_unordered(WARM_UP_CONCURRENCY)
        .try_collect::<()>()
        .await
}

fn stop(program: &mut Program) -> Result<()> {
    let status = program
        .service
        .process
        .stop(Signal::Terminate, STOP_TIMEOUT);
    status.context("tidings up does not stop").map(|_| ())
}
