//! `make bench-seals`: what sealing costs those who send. The same system with and without it, in turns, in one
//! run, with as many sends as it takes.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tests::load_generator::{self, LoadPlan, LoadResult, SendTemplate};
use tests::program::Program;
use tests::world::create_dir;
use tests::{servers, token, warm_postgres};
use embedded_servers::EmbeddedServers;
use embedded_servers::process::Signal;

/// Groups that are sent to.
const GROUPS: usize = 500;

/// Groups that are made at a time.
const AT_A_TIME: usize = 32;

/// Groups whose log is read at a time.
const WARMED_AT_A_TIME: usize = 4;

/// How often sealing is on: a seal a second, and one for every 10,000 events.
const ON: &str = "1s";

#[derive(Parser)]
struct Arguments {
    /// How often each is measured.
    #[arg(long, default_value_t = 4)]
    rounds: usize,
    /// Seconds of each.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Connections that send.
    #[arg(long, default_value_t = 256)]
    connections: usize,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let dir = create_dir();
    let servers = servers::start_both(&dir.join("servers"));
    warm_postgres::fill_wal(&servers.database_url).await?;
    make_groups(&servers, &dir).await?;
    let (mut on, mut off) = (Vec::new(), Vec::new());
    for round in 0..arguments.rounds {
        // Each goes first as often as the other: the log grows all the while.
        let order = if round % 2 == 0 {
            ["off", ON]
        } else {
            [ON, "off"]
        };
        for every in order {
            warm_postgres::checkpoint(&servers.database_url).await?;
            let measured = measure(&servers, &dir, every, &arguments).await?;
            eprintln!(
                "sealing {every}: {:.0} sends/s, median {:?}, p99 {:?}",
                measured.rate, measured.p50, measured.p99
            );
            if every == ON { &mut on } else { &mut off }.push(measured);
        }
    }
    println!("| | without seals | with seals | ratio |\n|---|---|---|---|");
    row("sends/s", &off, &on, |it| it.rate);
    row("median, ms", &off, &on, |it| it.p50.as_secs_f64() * 1000.0);
    row("p99, ms", &off, &on, |it| it.p99.as_secs_f64() * 1000.0);
    Ok(ExitCode::SUCCESS)
}

/// The medians of the rounds, and how far the rounds without seals are apart: what lies within that cannot be
/// told from noise.
fn row(what: &str, off: &[LoadResult], on: &[LoadResult], value: impl Fn(&LoadResult) -> f64) {
    let values = |of: &[LoadResult]| {
        let mut values: Vec<f64> = of.iter().map(&value).collect();
        values.sort_unstable_by(f64::total_cmp);
        values
    };
    let (off, on) = (values(off), values(on));
    let middle = |of: &[f64]| of.get(of.len() / 2).copied().unwrap_or(f64::NAN);
    let spread = |of: &[f64]| match (of.first(), of.last()) {
        (Some(first), Some(last)) => format!("{first:.1} to {last:.1}"),
        _ => String::new(),
    };
    println!(
        "| {what} | {:.1} ({}) | {:.1} ({}) | {:.2} |",
        middle(&off),
        spread(&off),
        middle(&on),
        spread(&on),
        middle(&on) / middle(&off)
    );
}

async fn make_groups(servers: &EmbeddedServers, dir: &Path) -> Result<()> {
    let mut up = Program::start(servers, dir).await?;
    let making = stream::iter(0..GROUPS).map(|n| {
        let owner = up.user(&format!("u{n}"));
        async move {
            let made = owner.create_group(&format!("g{n}"), &["listener"]).await;
            ensure!(made.status == 201, "{made}");
            Ok(())
        }
    });
    making
        .buffer_unordered(AT_A_TIME)
        .try_collect::<()>()
        .await?;
    stop(&mut up)
}

async fn measure(
    servers: &EmbeddedServers,
    dir: &Path,
    every: &str,
    arguments: &Arguments,
) -> Result<LoadResult> {
    let mut up = Program::start_with_env(servers, dir, &[("TIDINGS_SEAL_EVERY", every)]).await?;
    warm(&up).await?;
    let template =
        |n: usize| SendTemplate::send(&format!("g{n}"), &token::for_user(&format!("u{n}")));
    let plan = LoadPlan {
        address: up.address,
        templates: Arc::new((0..GROUPS).map(template).collect()),
        connections: arguments.connections,
        warm_up: Duration::from_secs(3),
        duration: Duration::from_secs(arguments.seconds),
    };
    let measured = tokio::task::spawn_blocking(move || load_generator::run_load(&plan)).await??;
    up.measure_lag().await?;
    stop(&mut up)?;
    Ok(measured)
}

/// A send to each group: all of them at once would wait for the log of each to be read, which is not what is asked.
async fn warm(up: &Program) -> Result<()> {
    let run = load_generator::new_key_prefix();
    let sending = stream::iter(0..GROUPS).map(|n| {
        let owner = up.user(&format!("u{n}"));
        async move {
            let key = format!("{run:x}-{n}");
            let sent = owner.send(&format!("g{n}"), &key, "good morning").await;
            ensure!(sent.status == 201, "{sent}");
            Ok(())
        }
    });
    sending
        .buffer_unordered(WARMED_AT_A_TIME)
        .try_collect::<()>()
        .await
}

fn stop(up: &mut Program) -> Result<()> {
    let stopped = up
        .service
        .process
        .stop(Signal::Terminate, Duration::from_secs(60));
    stopped.context("tidings up does not stop").map(|_| ())
}
