//! `make bench-log`: the commands on a large log, in one run on one machine. Only the ratios carry
//! over to another machine. The exit status is 1 if a target is missed.
//!
//! - [`commands`]: the time of each command. [`limits`]: the most that Postgres and NATS can do.
//! - [`tampering`]: changes to a sealed log, each of which must be found. [`report`]: the tables.

mod commands;
mod limits;
mod report;
mod tampering;

use std::process::ExitCode;

use anyhow::{Result, ensure};
use tests::message_file::{LARGE_SYSTEM_CONVERSATIONS, write_messages};
use tests::program::Program;
use tests::servers;
use tests::world::create_dir;

use crate::environment;
use crate::targets::exit_code;
use commands::CommandRunner;
use report::LogReport;

/// The options of `benches log`.
#[derive(clap::Args)]
pub struct Args {
    /// Number of messages to import.
    #[arg(long, default_value_t = 1_000_000)]
    messages: usize,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Measures every command and prints the report.
pub async fn run(args: &Args) -> Result<ExitCode> {
    let report = measure(args).await?;
    if args.json {
        println!("{}", report.json());
    } else {
        println!("{report}");
    }
    Ok(exit_code(&report.targets()))
}

async fn measure(args: &Args) -> Result<LogReport> {
    let dir = create_dir();
    let file = dir.join("messages.jsonl");
    write_messages(&file, args.messages, LARGE_SYSTEM_CONVERSATIONS, None)?;
    let servers = servers::start_both(&dir.join("servers"));
    let mut program = Program::start(&servers, &dir).await?;
    let runner = CommandRunner::new(&dir, &servers);
    eprintln!("importing {} messages", args.messages);
    runner.import(&file).await?;
    program.measure_lag().await?;
    let events = program.head().await?;
    ensure!(events > args.messages as i64, "{events} events");
    // The commands are measured on a system at rest.
    program.service.process.kill();
    eprintln!("{events} events; measuring Postgres and NATS");
    let copy = limits::copy(&servers.database_url).await?;
    let publish = limits::publish(&servers.database_url, &servers.nats_url).await?;
    runner.run(&["log", "seal"]).await?;
    eprintln!("tampering with the log");
    let tampering = tampering::check_detection(&servers.database_url).await?;
    eprintln!("measuring the commands");
    let replay = [
        "log",
        "replay",
        "--subject",
        "bench.replay",
        "--speed",
        "max",
    ];
    Ok(LogReport {
        environment: environment::describe("one command at a time", &servers),
        events,
        tampering,
        copy,
        publish,
        jsonl: runner.export("jsonl", events).await?,
        csv: runner.export("csv", events).await?,
        parquet: runner.export("parquet", events).await?,
        verify: runner.run(&["log", "verify"]).await?,
        replay: runner.run(&replay).await?,
        rebuild: runner.run(&["rebuild"]).await?,
        compare: runner.run(&["verify"]).await?,
    })
}
