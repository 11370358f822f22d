//! `make bench-reads`: how many queries of each kind a second, compared with a bare route in the
//! same run, and a load in which there are ten queries for each send.
//!
//! - [`population`]: the users, conversations and messages.
//! - [`workloads`]: the queries. [`mixed`]: the mixed load.

mod mixed;
mod population;
mod workloads;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use tests::program::Program;
use tests::servers;
use tests::world::create_dir;

use crate::environment;
use crate::load_generator::LoadResult;
use crate::send::{Measurement, measure, peer_templates, start_peer};
use crate::statistics::millis;
use crate::targets::{Target, TargetTable, exit_code};
use crate::warm_postgres;
use mixed::MixedLoad;
use population::Population;
use workloads::Workload;

/// The least rate of the mixed load, in requests per second.
const MIXED_RATE: f64 = 25_000.0;

/// The options of `benches reads`.
#[derive(clap::Args)]
pub struct Args {
    /// Seconds for which each run is measured.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Seconds before that.
    #[arg(long, default_value_t = 2)]
    warm_up: u64,
    /// Kept connections.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Messages in the log.
    #[arg(long, default_value_t = 200_000)]
    messages: usize,
    /// Only these workloads, such as `sync-idle,mixed`.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
}

impl Args {
    fn includes(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }
}

/// Measures everything and prints the tables.
pub async fn run(args: &Args) -> Result<ExitCode> {
    let measurement = Measurement {
        warm_up: Duration::from_secs(args.warm_up),
        duration: Duration::from_secs(args.seconds),
        connections: &[args.connections],
    };
    let dir = create_dir();
    let servers = servers::start_both(&dir.join("servers"));
    let (peer, address) = start_peer(&["serve-bare"], &[])?;
    let bare = tokio::task::block_in_place(|| {
        measure(address, &peer_templates(), args.connections, measurement)
    })?;
    drop(peer);
    let program = Program::start(&servers, &dir).await?;
    let population = Population::create(&program, args.messages).await?;
    warm_postgres::checkpoint(&servers.database_url).await?;

    let mut targets = Vec::new();
    println!(
        "\n{}\n",
        environment::describe("load generator, service", &servers)
    );
    println!("| queries | per second | of the bare route | p50, p99 ms |\n|---|---|---|---|");
    print_row("bare route", &bare, &bare);
    for workload in Workload::ALL {
        if !args.includes(workload.name()) {
            continue;
        }
        let templates = workload.templates(&population);
        let result = tokio::task::block_in_place(|| {
            measure(program.address, &templates, args.connections, measurement)
        })?;
        print_row(workload.name(), &result, &bare);
        let ratio = result.rate / bare.rate;
        targets.push(Target::at_least(
            workload.name(),
            ratio,
            workload.target(),
            "x",
        ));
    }
    if args.includes("mixed") {
        let load = MixedLoad::new(&program, &population, args.connections, measurement);
        let result = tokio::task::block_in_place(|| load.run())?;
        print_row("mixed", &result, &bare);
        targets.push(Target::at_least(
            "mixed",
            result.rate,
            MIXED_RATE,
            " requests/s",
        ));
        let lag = program.measure_lag().await?.as_secs_f64();
        targets.push(Target::at_most("lag after mixed", lag, 1.0, " s"));
    }
    println!("{}", TargetTable(&targets));
    Ok(exit_code(&targets))
}

fn print_row(name: &str, result: &LoadResult, bare: &LoadResult) {
    let (p50, p99) = (millis(result.p50), millis(result.p99));
    let ratio = result.rate / bare.rate;
    println!(
        "| {name} | {:.0} | {ratio:.3} | {p50:.2}, {p99:.2} |",
        result.rate
    );
}
