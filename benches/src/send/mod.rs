//! `make bench`: Tidings compared with its peers, in one run on one machine and with one load
//! generator. Only the ratios carry over to another machine.
//!
//! - [`peers`]: what Tidings is compared with. [`workload`]: the load, the same for all.
//! - [`tidings_up`]: Tidings itself; [`visibility`]: the delay until the recipient sees a message.
//! - [`import`]: the memory of a large import. [`report`]: the tables.

mod import;
mod peers;
mod report;
mod tidings_up;
mod visibility;
mod workload;

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use eventually::poll_blocking;
use sqlx::{Connection, Executor, PgConnection};
use tests::database::replace_database_name;
use tests::process::ChildProcess;
use tests::world::create_dir;
use tests::{ports, servers};

use crate::warm_postgres;
use report::SendReport;
use workload::measure_all;

pub use peers::{serve_bare, serve_stock};
pub use tidings_up::create_conversations;
pub use workload::{CONVERSATIONS, Measurement, measure, member_templates, peer_templates};

/// Pool sizes with which stock postgres-es is tried.
const POOL_SIZES: [u32; 4] = [4, 8, 16, 32];

/// Connections with which the best pool size is found.
const TRIAL_CONNECTIONS: usize = 64;

/// How long a peer may take to listen.
const PEER_TIMEOUT: Duration = Duration::from_secs(30);

/// The options of `benches send`.
#[derive(clap::Args)]
pub struct Args {
    /// Seconds for which each run is measured.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Seconds before that.
    #[arg(long, default_value_t = 2)]
    warm_up: u64,
    /// Kept connections: one run for each number.
    #[arg(long, value_delimiter = ',', default_values_t = [16, 64, 256, 512])]
    connections: Vec<usize>,
    /// Also import a large file and report the memory; takes minutes.
    #[arg(long)]
    memory: bool,
    /// Messages of that import.
    #[arg(long, default_value_t = 1_000_000)]
    messages: usize,
    /// Measure Tidings only, without its peers.
    #[arg(long)]
    alone: bool,
}

/// Measures everything and prints the tables.
pub async fn run(args: &Args) -> Result<()> {
    let measurement = Measurement {
        warm_up: Duration::from_secs(args.warm_up),
        duration: Duration::from_secs(args.seconds),
        connections: &args.connections,
    };
    let dir = create_dir();
    let servers = servers::start_both(&dir.join("servers"));
    let mut report = SendReport::new(&servers);
    warm_postgres::fill_wal(&servers.database_url).await?;
    if !args.alone {
        measure_bare(&servers.database_url, measurement, &mut report).await?;
        measure_stock(&servers.database_url, measurement, &mut report).await?;
    }
    tidings_up::measure_everything(&servers, &dir, measurement, &mut report).await?;
    if args.memory {
        report.import = Some(import::measure(args.messages).await?);
    }
    println!("{report}");
    Ok(())
}

async fn measure_bare(
    database_url: &str,
    measurement: Measurement<'_>,
    report: &mut SendReport,
) -> Result<()> {
    let (_server, address) = start_peer(&["serve-bare"], &[])?;
    report.bare = measure_all(address, &peer_templates(), measurement, database_url).await?;
    Ok(())
}

/// Tries all pool sizes with [`TRIAL_CONNECTIONS`], then measures the best one.
async fn measure_stock(
    database_url: &str,
    measurement: Measurement<'_>,
    report: &mut SendReport,
) -> Result<()> {
    let mut admin = PgConnection::connect(database_url).await?;
    admin.execute("CREATE DATABASE bench_stock").await?;
    let url = replace_database_name(database_url, "bench_stock");
    let mut best: Option<(u32, f64)> = None;
    for pool in POOL_SIZES {
        let (_server, address) = start_peer(&["serve-stock"], &[&url, &pool.to_string()])?;
        warm_postgres::checkpoint(database_url).await?;
        let result = measure(address, &peer_templates(), TRIAL_CONNECTIONS, measurement)?;
        eprintln!("stock, pool of {pool}: {:.0}/s", result.rate);
        if best.is_none_or(|(_, rate)| result.rate > rate) {
            best = Some((pool, result.rate));
        }
        drop_stock_database(&mut admin).await?;
        admin.execute("CREATE DATABASE bench_stock").await?;
    }
    let (pool, _) = best.context("no pool size was tried")?;
    let (_server, address) = start_peer(&["serve-stock"], &[&url, &pool.to_string()])?;
    report.stock_pool_size = pool;
    report.stock = measure_all(address, &peer_templates(), measurement, database_url).await?;
    drop_stock_database(&mut admin).await
}

async fn drop_stock_database(admin: &mut PgConnection) -> Result<()> {
    admin
        .execute("DROP DATABASE bench_stock WITH (FORCE)")
        .await?;
    Ok(())
}

/// Starts this program as a peer.
pub fn start_peer(subcommand: &[&str], rest: &[&str]) -> Result<(ChildProcess, SocketAddr)> {
    let address = SocketAddr::from(([127, 0, 0, 1], ports::find_free()));
    let mut command = Command::new(std::env::current_exe()?);
    command.args(subcommand).arg(address.to_string()).args(rest);
    let name = subcommand[0];
    let server = ChildProcess::start(name, command, &create_dir().join("peer.log"), None)?;
    let is_ready = poll_blocking(PEER_TIMEOUT, || {
        std::net::TcpStream::connect(address).is_ok()
    });
    ensure!(is_ready, "{name} does not start: {}", server.log_tail());
    Ok((server, address))
}
