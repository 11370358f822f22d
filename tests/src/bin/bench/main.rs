//! `make bench`: Tidings beside its peers, in one run on one machine, by one load generator. What
//! counts is the ratios: the absolute figures are those of whatever machine this is.

mod import;
mod peers;
mod product;
mod report;
mod visible;

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use eventually::poll_blocking;
use sqlx::{Connection, Executor, PgConnection};
use tests::database::replace_database_name;
use tests::load_generator::{self, LoadPlan, LoadResult, SendTemplate};
use tests::process::ChildProcess;
use tests::world::create_dir;
use tests::{ports, servers, warm_postgres};

use report::Report;

/// Pool sizes that stock postgres-es is tried with.
const POOLS: [u32; 4] = [4, 8, 16, 32];

/// Conversations of the ordinary runs.
const CONVERSATIONS: usize = 2_000;

/// Measures sends, visibility, rebuild and memory, and prints a table for BENCHMARKS.md.
#[derive(Parser)]
struct Arguments {
    /// Seconds that each run is measured for.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Seconds before that.
    #[arg(long, default_value_t = 2)]
    warm_up: u64,
    /// Kept connections: a run for each number.
    #[arg(long, value_delimiter = ',', default_values_t = [16, 64, 256, 512])]
    connections: Vec<usize>,
    /// Also import a million messages, and report memory. Takes minutes.
    #[arg(long)]
    memory: bool,
    /// Messages of that import.
    #[arg(long, default_value_t = 1_000_000)]
    messages: usize,
    /// Leave the peers out.
    #[arg(long)]
    alone: bool,
    #[command(subcommand)]
    part: Option<Part>,
}

/// What this program also is: the peers' servers.
#[derive(Subcommand)]
enum Part {
    /// The route that only parses.
    #[command(hide = true)]
    ServeBare { listen: SocketAddr },
    /// The route over stock postgres-es.
    #[command(hide = true)]
    ServeStock {
        listen: SocketAddr,
        database_url: String,
        pool: u32,
    },
}

/// What is run of each subject, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Times<'a> {
    warm_up: Duration,
    measured: Duration,
    connections: &'a [usize],
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Runtime::new()?;
    match arguments.part {
        Some(Part::ServeBare { listen }) => runtime.block_on(peers::serve_bare(listen)),
        Some(Part::ServeStock {
            listen,
            database_url,
            pool,
        }) => runtime.block_on(peers::serve_stock(listen, &database_url, pool)),
        None => runtime.block_on(bench(&arguments)),
    }
}

async fn bench(arguments: &Arguments) -> Result<()> {
    let times = Times {
        warm_up: Duration::from_secs(arguments.warm_up),
        measured: Duration::from_secs(arguments.seconds),
        connections: &arguments.connections,
    };
    let dir = create_dir();
    let servers = servers::start_both(&dir.join("servers"));
    let mut report = Report::new(&servers);
    warm_postgres::fill_wal(&servers.database_url).await?;
    if !arguments.alone {
        bare(&servers.database_url, times, &mut report).await?;
        stock(&servers.database_url, times, &mut report).await?;
    }
    product::run(&servers, &dir, times, &mut report).await?;
    if arguments.memory {
        import::run(arguments.messages, &mut report).await?;
    }
    println!("{report}");
    Ok(())
}

/// The templates of the peers, which know no members: one token, many conversations.
fn templates() -> Arc<Vec<SendTemplate>> {
    let token = tests::token::for_user("bench");
    Arc::new(
        (0..CONVERSATIONS)
            .map(|n| SendTemplate::send(&format!("c{n}"), &token))
            .collect(),
    )
}

async fn bare(database_url: &str, times: Times<'_>, report: &mut Report) -> Result<()> {
    let (_server, address) = peer(&["serve-bare"], &[])?;
    report.bare = all(address, &templates(), times, database_url).await?;
    Ok(())
}

/// The pool size that is best at 64 connections goes through all of them.
async fn stock(database_url: &str, times: Times<'_>, report: &mut Report) -> Result<()> {
    let mut admin = PgConnection::connect(database_url).await?;
    admin.execute("CREATE DATABASE bench_stock").await?;
    let url = replace_database_name(database_url, "bench_stock");
    let mut best: Option<(u32, f64)> = None;
    for pool in POOLS {
        let (_server, address) = peer(&["serve-stock"], &[&url, &pool.to_string()])?;
        warm_postgres::checkpoint(database_url).await?;
        let measured = measure(address, &templates(), 64, times)?;
        eprintln!("stock, pool of {pool}: {:.0}/s", measured.rate);
        if best.is_none_or(|(_, rate)| measured.rate > rate) {
            best = Some((pool, measured.rate));
        }
        admin
            .execute("DROP DATABASE bench_stock WITH (FORCE)")
            .await?;
        admin.execute("CREATE DATABASE bench_stock").await?;
    }
    let (pool, _) = best.context("no pool size was tried")?;
    let (_server, address) = peer(&["serve-stock"], &[&url, &pool.to_string()])?;
    report.stock_pool = pool;
    report.stock = all(address, &templates(), times, database_url).await?;
    admin
        .execute("DROP DATABASE bench_stock WITH (FORCE)")
        .await?;
    Ok(())
}

/// Starts this program as one of the peers.
fn peer(part: &[&str], rest: &[&str]) -> Result<(ChildProcess, SocketAddr)> {
    let address = SocketAddr::from(([127, 0, 0, 1], ports::find_free()));
    let mut command = Command::new(std::env::current_exe()?);
    command.args(part).arg(address.to_string()).args(rest);
    let server = ChildProcess::start(part[0], command, &create_dir().join("peer.log"), None)?;
    let ready = poll_blocking(Duration::from_secs(30), || {
        std::net::TcpStream::connect(address).is_ok()
    });
    anyhow::ensure!(ready, "{} does not start: {}", part[0], server.log_tail());
    Ok((server, address))
}

/// One run for each number of connections.
async fn all(
    address: SocketAddr,
    templates: &Arc<Vec<SendTemplate>>,
    times: Times<'_>,
    database_url: &str,
) -> Result<Vec<LoadResult>> {
    let mut runs = Vec::new();
    for connections in times.connections {
        warm_postgres::checkpoint(database_url).await?;
        // The load generator has a thread of its own; this one has nothing else to do meanwhile.
        runs.push(tokio::task::block_in_place(|| {
            measure(address, templates, *connections, times)
        })?);
    }
    Ok(runs)
}

fn measure(
    address: SocketAddr,
    templates: &Arc<Vec<SendTemplate>>,
    connections: usize,
    times: Times<'_>,
) -> Result<LoadResult> {
    let templates = templates.clone();
    let Times {
        warm_up, measured, ..
    } = times;
    let done = load_generator::run_load(&LoadPlan {
        address,
        templates,
        connections,
        warm_up,
        duration: measured,
    })?;
    eprintln!(
        "  {connections:>4} connections: {:>7.0}/s, p50 {:?}, p99 {:?}",
        done.rate, done.p50, done.p99
    );
    Ok(done)
}
