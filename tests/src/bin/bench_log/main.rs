//! `make bench-log`: the log as a product, in one run on one machine. What counts is the ratios. Ends with 1
//! if a target is missed.
//!
//! - `most`: what Postgres and the broker can do at most. `ours`: what the commands do.
//! - `planted`: manipulations, each of which must be found. `report`: the table.

mod most;
mod ours;
mod planted;
mod report;

use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Parser;
use tests::program::Program;
use tests::world::create_dir;
use tests::{message_file, servers};

use report::Report;

/// Measures export, rebuild, replay and verification, and prints a table for BENCHMARKS.md.
#[derive(Parser)]
struct Arguments {
    /// How many messages are imported.
    #[arg(long, default_value_t = 1_000_000)]
    messages: usize,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let report = measure(&arguments).await?;
    if arguments.json {
        println!("{}", report.json());
    } else {
        println!("{report}");
    }
    Ok(ExitCode::from(u8::from(!report.holds())))
}

async fn measure(arguments: &Arguments) -> Result<Report> {
    let dir = create_dir();
    let file = dir.join("messages.jsonl");
    message_file::write_messages(
        &file,
        arguments.messages,
        message_file::LARGE_SYSTEM_CONVERSATIONS,
        None,
    )?;
    let servers = servers::start_both(&dir.join("servers"));
    let mut up = Program::start(&servers, &dir).await?;
    let ours = ours::Commands::of(&dir, &servers);
    eprintln!("importing {} messages", arguments.messages);
    ours.import(&file).await?;
    up.measure_lag().await?;
    let events = up.head().await?;
    ensure!(events > arguments.messages as i64, "{events} events");
    // The commands are measured on a system at rest.
    up.service.process.kill();
    eprintln!("{events} events; what Postgres and the broker can do");
    let copy = most::copy(&servers.database_url).await?;
    let publish = most::publish(&servers.database_url, &servers.nats_url).await?;
    ours.timed(&["log", "seal"]).await?;
    eprintln!("manipulations");
    let planted = planted::found(&servers.database_url).await?;
    eprintln!("what the commands do");
    Ok(Report {
        planted,
        servers: format!("{}", report::Servers(&servers)),
        events,
        copy,
        publish,
        jsonl: ours.export("jsonl", events).await?,
        csv: ours.export("csv", events).await?,
        parquet: ours.export("parquet", events).await?,
        verify: ours.timed(&["log", "verify"]).await?,
        replay: ours
            .timed(&[
                "log",
                "replay",
                "--subject",
                "bench.replay",
                "--speed",
                "max",
            ])
            .await?,
        rebuild: ours.timed(&["rebuild"]).await?,
        compare: ours.timed(&["verify"]).await?,
    })
}
