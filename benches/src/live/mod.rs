//! `make bench-live`: live delivery, in one run on one machine. Only the ratios carry over to
//! another machine. The exit status is 1 if a target is missed.
//!
//! - [`socket`], [`listeners`]: the connections that receive. [`paced`]: sends at a given rate.
//! - [`delay`], [`groups`], [`idle`], [`large`]: what is measured. [`report`]: the tables.

mod delay;
mod groups;
mod idle;
mod large;
mod listeners;
mod paced;
mod report;
mod socket;

use std::process::ExitCode;

use anyhow::Result;
use clap::ValueEnum;
use embedded_servers::process::raise_open_file_limit;
use tests::program::Program;
use tests::servers;
use tests::world::create_dir;

use crate::targets::exit_code;
use crate::warm_postgres;
use report::LiveReport;

/// The options of `benches live`.
#[derive(clap::Args)]
pub struct Args {
    /// Seconds for which each load is measured.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// The parts to run.
    #[arg(long, value_delimiter = ',', default_values = ["delay", "groups", "idle", "large"])]
    parts: Vec<LivePart>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LivePart {
    /// From the send to the WebSocket of the recipient.
    Delay,
    /// Deliveries per second at saturation.
    Groups,
    /// 10,000 idle WebSockets.
    Idle,
    /// A group of 10,000 members.
    Large,
}

/// Measures the chosen parts and prints the report.
pub async fn run(args: &Args) -> Result<ExitCode> {
    raise_open_file_limit()?;
    let report = measure(args).await?;
    if args.json {
        println!("{}", report.json());
    } else {
        println!("{report}");
    }
    Ok(exit_code(&report.targets()))
}

async fn measure(args: &Args) -> Result<LiveReport> {
    let has = |part| args.parts.contains(&part);
    let dir = create_dir();
    let servers = servers::start_both(&dir.join("servers"));
    let mut report = LiveReport::new(&servers);
    warm_postgres::fill_wal(&servers.database_url).await?;
    let program = Program::start(&servers, &dir).await?;
    // Memory comes first: it is compared with a process that has done little.
    if has(LivePart::Idle) || has(LivePart::Large) {
        eprintln!("a group of {} members", large::LARGE_MEMBERS);
        large::create_groups(&program).await?;
    }
    if has(LivePart::Idle) {
        report.idle = Some(idle::measure(&program).await?);
    }
    if has(LivePart::Large) {
        report.large = Some(large::measure(&program).await?);
    }
    if has(LivePart::Delay) {
        eprintln!("the highest rate");
        report.delay = Some(delay::measure(&program, args.seconds).await?);
    }
    if has(LivePart::Groups) {
        eprintln!("everybody connected");
        report.groups = groups::measure(&program, args.seconds).await?;
    }
    Ok(report)
}
