//! Benchmarks and long runs of Tidings: one program with a subcommand each. They start real
//! servers and the real `tidings` (see the crate `tests`), and print what docs/benchmarks records.
//!
//! Benchmarks compare with something else in the same run on the same machine, because only the
//! ratios carry over to another one:
//!
//! - [`send`]: sends, visibility, rebuild and memory, compared with stock postgres-es.
//! - [`compare_sends`]: the sends of two programs, or of one with and without traces.
//! - [`reads`]: queries, compared with a bare route, and a mixed load.
//! - [`live`]: live delivery. [`search`]: full-text search, compared with Postgres.
//! - [`log`]: export, replay, verification and rebuild of a large log.
//! - [`retries`], [`seals`]: what they cost sends. [`as_of`]: queries of the past.
//! - [`stock_postgres`]: sends on a Postgres with its default settings.
//! - [`client_limits`]: clients that read nothing, and floods of frames.
//! - [`files`]: uploads, compared with a plain route.
//! - [`scheduled`]: many scheduled messages that are due at once.
//! - [`word_lists`]: what word lists cost a send, and what they mask wrongly.
//! - [`flood_rules`]: how many sends a second flood rules keep up with.
//! - [`projection`]: the projector alone, statement by statement.
//!
//! Long runs check that something always holds:
//!
//! - [`faults`], [`live_soak`]: nothing is lost, repeated or reordered when processes are killed.
//!   [`failover`]: the same when the Postgres primary is killed and its standby promoted.
//!   [`nats`]: the same for the nodes of a NATS cluster, and for a full disk of nats-server.
//!   [`power_loss`]: the same when the power fails and the disk loses what was not synced.
//! - [`gapless`]: the order of the log. [`blue_green`]: rebuilds under load.
//! - [`corpora`], [`known_items`]: imported chat logs, and the search for their messages.
//!
//! Shared: [`load_generator`], [`warm_postgres`] and [`recall_queries`] prepare a run;
//! [`environment`], [`machine_load`], [`statistics`] and [`targets`] report it.

mod as_of;
mod blue_green;
mod client_limits;
mod compare_sends;
mod corpora;
mod environment;
mod failover;
mod faults;
mod files;
mod flood_rules;
mod gapless;
mod known_items;
mod live;
mod live_soak;
mod load_generator;
mod log;
mod machine_load;
mod nats;
mod power_loss;
mod projection;
mod reads;
mod recall_queries;
mod retries;
mod scheduled;
mod seals;
mod search;
mod send;
mod statistics;
mod stock_postgres;
mod targets;
mod warm_postgres;
mod word_lists;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use tokio::runtime::Runtime;

/// Benchmarks and long runs of Tidings.
///
/// Set TIDINGS_BIN to the `tidings` to measure; otherwise it is built first. Runs with random
/// choices print their seed; SEED=... repeats one. The exit status is 1 if a target is missed.
#[derive(Parser)]
#[command(name = "benches")]
struct Benches {
    #[command(subcommand)]
    benchmark: Benchmark,
}

#[derive(Subcommand)]
enum Benchmark {
    /// Measure sends, visibility, rebuild and memory, and compare with stock postgres-es.
    Send(send::Args),
    /// Compare the sends of two programs, measured in turns.
    CompareSends(compare_sends::Args),
    /// Measure queries and a mixed load, and compare them with a bare route.
    Reads(reads::Args),
    /// Measure live delivery: delay, deliveries per second, idle connections, a large group.
    Live(live::Args),
    /// Measure full-text search and compare it with Postgres.
    Search(search::Args),
    /// Measure export, replay, verification and rebuild of a large log.
    Log(log::Args),
    /// Measure what retries of earlier sends cost.
    Retries(retries::Args),
    /// Measure what sealing costs sends.
    Seals(seals::Args),
    /// Compare queries of the past with the same queries now.
    AsOf(as_of::Args),
    /// Compare sends on a Postgres as `initdb` makes it with sends on the private one.
    StockPostgres(stock_postgres::Args),
    /// Measure what clients that read nothing and floods of typing notifications cost.
    ClientLimits(client_limits::Args),
    /// Measure the projector alone, with the time of each SQL statement.
    Projection(projection::Args),
    /// Measure how soon many scheduled messages are sent that are due at once.
    Scheduled(scheduled::Args),
    /// Measure what word lists cost a send, and count what they mask wrongly.
    WordLists(word_lists::Args),
    /// Measure the memory and the throughput of uploads, compared with a plain route.
    Files(files::Args),
    /// Measure how many sends a second the flood rules keep up with.
    FloodRules(flood_rules::Args),
    /// Kill processes at random moments under load, and check that nothing is lost or reordered.
    Faults(faults::Args),
    /// Kill the Postgres primary under load and promote its standby, again and again.
    Failover(failover::Args),
    /// Kill the nodes of a NATS cluster under load, again and again, and lose one with its disk.
    NatsCluster(nats::ClusterArgs),
    /// Fill the disk of an embedded nats-server, and empty it. Needs root.
    NatsFull,
    /// Cut the power under load and check that nothing acknowledged is lost. Needs root.
    PowerLoss(power_loss::Args),
    /// Let many devices receive live while processes are killed, and compare them with sync.
    LiveSoak(live_soak::Args),
    /// Append with many writers in two processes, and check the order of the log.
    Gapless(gapless::Args),
    /// Rebuild the read models under load, kill the rebuild, and check that no query fails.
    BlueGreen(blue_green::Args),
    /// Import chat logs, and compare what the services return with the files.
    Corpora(corpora::Args),
    /// Import chat logs, and check that search finds messages by fragments of their texts.
    KnownItems(known_items::Args),
    /// A peer of `send`: a route that only parses the request.
    #[command(hide = true)]
    ServeBare { listen: SocketAddr },
    /// A peer of `send`: a route over stock postgres-es.
    #[command(hide = true)]
    ServeStock {
        listen: SocketAddr,
        database_url: String,
        pool: u32,
    },
    /// A peer of `files`: a route that writes each body into a file.
    #[command(hide = true)]
    ServePlainFiles { listen: SocketAddr, dir: PathBuf },
}

fn main() -> Result<ExitCode> {
    let benchmark = Benches::parse().benchmark;
    let runtime = Runtime::new()?;
    if let Benchmark::Search(args) = &benchmark {
        return search::run(args, &runtime);
    }
    runtime.block_on(run(benchmark))
}

async fn run(benchmark: Benchmark) -> Result<ExitCode> {
    match benchmark {
        Benchmark::Send(args) => send::run(&args).await?,
        Benchmark::CompareSends(args) => return compare_sends::run(&args).await,
        Benchmark::Reads(args) => return reads::run(&args).await,
        Benchmark::Live(args) => return live::run(&args).await,
        Benchmark::Search(_) => anyhow::bail!("search runs on the main thread"),
        Benchmark::Log(args) => return log::run(&args).await,
        Benchmark::Retries(args) => return retries::run(&args).await,
        Benchmark::Seals(args) => seals::run(&args).await?,
        Benchmark::AsOf(args) => return as_of::run(&args).await,
        Benchmark::StockPostgres(args) => return stock_postgres::run(&args).await,
        Benchmark::ClientLimits(args) => return client_limits::run(&args).await,
        Benchmark::Projection(args) => projection::run(&args).await?,
        Benchmark::Scheduled(args) => return scheduled::run(&args).await,
        Benchmark::WordLists(args) => return word_lists::run(&args).await,
        Benchmark::Files(args) => return files::run(&args).await,
        Benchmark::FloodRules(args) => return flood_rules::run(&args).await,
        Benchmark::Faults(args) => faults::run(&args).await?,
        Benchmark::Failover(args) => failover::run(&args).await?,
        Benchmark::NatsCluster(args) => nats::run_cluster(&args).await?,
        Benchmark::NatsFull => nats::run_full().await?,
        Benchmark::PowerLoss(args) => power_loss::run(&args).await?,
        Benchmark::LiveSoak(args) => live_soak::run(&args).await?,
        Benchmark::Gapless(args) => gapless::run(&args).await?,
        Benchmark::BlueGreen(args) => return blue_green::run(&args).await,
        Benchmark::Corpora(args) => corpora::run(&args).await?,
        Benchmark::KnownItems(args) => known_items::run(&args).await?,
        Benchmark::ServeBare { listen } => send::serve_bare(listen).await?,
        Benchmark::ServePlainFiles { listen, dir } => files::serve_plain(listen, dir).await?,
        Benchmark::ServeStock {
            listen,
            database_url,
            pool,
        } => send::serve_stock(listen, &database_url, pool).await?,
    }
    Ok(ExitCode::SUCCESS)
}
