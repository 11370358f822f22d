//! `make bench-retries`: what retries cost. After an outage, clients send again what they had sent.
//! Measures one system without retries and with two shares of them in turns, in one run.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, ensure};
use tests::program::Program;
use tests::servers;
use tests::world::create_dir;

use crate::load_generator::{
    LoadPlan, LoadResult, Retries, SentKeys, run_load_with_retries, send_keys,
};
use crate::send::{CONVERSATIONS, create_conversations, member_templates};
use crate::statistics::{millis, quantile};
use crate::targets::{Target, TargetTable, exit_code};
use crate::warm_postgres;

/// How many of 100 requests are retries.
const SHARES: [u64; 3] = [0, 10, 50];

/// The share of the rate without retries that must remain.
const TARGET_RATIO: f64 = 0.9;

/// The options of `benches retries`.
#[derive(clap::Args)]
pub struct Args {
    /// Messages that are sent first, and then repeated at random.
    #[arg(long, default_value_t = 200_000)]
    keys: usize,
    /// How often each share is measured.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Connections that send.
    #[arg(long, default_value_t = 64)]
    connections: usize,
}

/// Measures each share of retries in turn and prints the table.
pub async fn run(args: &Args) -> Result<ExitCode> {
    ensure!(args.rounds > 0, "--rounds must be at least 1");
    let dir = create_dir();
    let servers = servers::start_both(&dir.join("servers"));
    warm_postgres::fill_wal(&servers.database_url).await?;
    let program = Program::start(&servers, &dir).await?;
    create_conversations(&program).await?;
    let plan = LoadPlan {
        address: program.address,
        templates: member_templates(CONVERSATIONS),
        connections: args.connections,
        warm_up: Duration::from_secs(1),
        duration: Duration::from_secs(args.seconds),
    };
    let keys = tokio::task::block_in_place(|| {
        send_keys(&plan, args.keys.div_ceil(args.connections).max(1))
    })?;
    program.measure_lag().await?;
    eprintln!("{} keys are in the log", args.keys);
    let mut results: [Vec<LoadResult>; 3] = Default::default();
    for round in 0..args.rounds {
        // Each share goes first equally often, because the log grows all the time.
        for turn in 0..SHARES.len() {
            let at = (round + turn) % SHARES.len();
            warm_postgres::checkpoint(&servers.database_url).await?;
            results[at].push(measure(&plan, SHARES[at], keys)?);
        }
    }
    program.measure_lag().await?;
    Ok(print_report(&results))
}

fn measure(plan: &LoadPlan, percent: u64, keys: SentKeys) -> Result<LoadResult> {
    let retries = Some(Retries { percent, keys });
    let result = tokio::task::block_in_place(|| run_load_with_retries(plan, retries))?;
    eprintln!(
        "{percent:>3} % retries: {:.0} answers/s, median {:?}, p99 {:?}",
        result.rate, result.p50, result.p99
    );
    Ok(result)
}

fn print_report(results: &[Vec<LoadResult>; 3]) -> ExitCode {
    println!("| retries | answers/s | of the rate without | median, ms | p99, ms |");
    println!("|---|---|---|---|---|");
    let without = median(&results[0], |result| result.rate);
    for (percent, results) in SHARES.iter().zip(results) {
        let rate = median(results, |result| result.rate);
        println!(
            "| {percent} % | {rate:.0} | {:.2} | {:.1} | {:.1} |",
            rate / without,
            median(results, |result| millis(result.p50)),
            median(results, |result| millis(result.p99)),
        );
    }
    let ratio = |results: &[LoadResult]| median(results, |result| result.rate) / without;
    let targets = [
        Target::at_least(
            "rate with 10 % retries",
            ratio(&results[1]),
            TARGET_RATIO,
            "",
        ),
        Target::at_least(
            "rate with 50 % retries",
            ratio(&results[2]),
            TARGET_RATIO,
            "",
        ),
    ];
    println!("{}", TargetTable(&targets));
    exit_code(&targets)
}

fn median(results: &[LoadResult], value: fn(&LoadResult) -> f64) -> f64 {
    let mut values: Vec<f64> = results.iter().map(value).collect();
    values.sort_unstable_by(f64::total_cmp);
    quantile(&values, 0.5)
}
