//! `make bench-seals`: what sealing costs those who send. The same system with and without it, in turns, in one
//! run, with as many sends as it takes.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tests::up::Up;
use tests::wire::{self, Measured, Plan, Template};
use tests::world::directory;
use tests::{servers, steady, token};
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
    let dir = directory();
    let servers = servers::both(&dir.join("servers"));
    steady::begin(&servers.database_url).await?;
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
            steady::checkpoint(&servers.database_url).await?;
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
fn row(what: &str, off: &[Measured], on: &[Measured], value: impl Fn(&Measured) -> f64) {
    let values = |of: &[Measured]| {
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
    let mut up = Up::start(servers, dir).await?;
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
) -> Result<Measured> {
    let mut up = Up::with(servers, dir, &[("TIDINGS_SEAL_EVERY", every)]).await?;
    warm(&up).await?;
    let template = |n: usize| Template::send(&format!("g{n}"), &token::user(&format!("u{n}")));
    let plan = Plan {
        address: up.address,
        templates: Arc::new((0..GROUPS).map(template).collect()),
        connections: arguments.connections,
        warm_up: Duration::from_secs(3),
        measured: Duration::from_secs(arguments.seconds),
    };
    let measured = tokio::task::spawn_blocking(move || wire::run(&plan)).await??;
    up.lag().await?;
    stop(&mut up)?;
    Ok(measured)
}

/// A send to each group: all of them at once would wait for the log of each to be read, which is not what is asked.
async fn warm(up: &Up) -> Result<()> {
    let run = wire::run_number();
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

fn stop(up: &mut Up) -> Result<()> {
    let stopped = up
        .service
        .child
        .stop(Signal::Terminate, Duration::from_secs(60));
    stopped.context("tidings up does not stop").map(|_| ())
}
