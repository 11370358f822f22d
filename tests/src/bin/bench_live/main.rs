//! `make bench-live`: live delivery, in one run on one machine. What counts is the ratios. Ends with 1 if a
//! target is missed.
//!
//! - `socket`, `crowd`: those who listen. `paced`: sends at a given rate.
//! - `delay`, `groups`, `idle`, `large`: what is measured.
//! - `report`: the table.

mod crowd;
mod delay;
mod groups;
mod idle;
mod large;
mod paced;
mod report;
mod socket;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, ValueEnum};
use tests::program::Program;
use tests::world::create_dir;
use tests::{servers, warm_postgres};
use embedded_servers::process::raise_open_file_limit;

use report::Report;

/// Measures live delivery, and prints a table for BENCHMARKS.md.
#[derive(Parser)]
struct Arguments {
    /// Seconds that each load is measured for.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Only these parts.
    #[arg(long, value_delimiter = ',', default_values_t = [Part::Delay, Part::Groups, Part::Idle, Part::Large])]
    parts: Vec<Part>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// From the send to the recipient's WebSocket.
    Delay,
    /// Deliveries a second at saturation.
    Groups,
    /// 10,000 idle WebSockets.
    Idle,
    /// A group of 10,000 members.
    Large,
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Delay => "delay",
            Self::Groups => "groups",
            Self::Idle => "idle",
            Self::Large => "large",
        })
    }
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    raise_open_file_limit()?;
    let runtime = tokio::runtime::Runtime::new()?;
    let report = runtime.block_on(measure(&arguments))?;
    if arguments.json {
        println!("{}", report.json());
    } else {
        println!("{report}");
    }
    Ok(ExitCode::from(u8::from(!report.holds())))
}

async fn measure(arguments: &Arguments) -> Result<Report> {
    let has = |part| arguments.parts.contains(&part);
    let dir = create_dir();
    let servers = servers::start_both(&dir.join("servers"));
    let mut report = Report::new(&servers);
    warm_postgres::fill_wal(&servers.database_url).await?;
    let up = Program::start(&servers, &dir).await?;
    // Memory first: it is measured against a process that has done little.
    if has(Part::Idle) || has(Part::Large) {
        eprintln!("a group of {} members", large::MEMBERS);
        large::create(&up).await?;
    }
    if has(Part::Idle) {
        report.idle = Some(idle::measure(&up).await?);
    }
    if has(Part::Large) {
        report.large = Some(large::measure(&up).await?);
    }
    if has(Part::Delay) {
        eprintln!("the highest rate");
        report.delay = Some(delay::measure(&up, arguments.seconds).await?);
    }
    if has(Part::Groups) {
        eprintln!("everybody connected");
        report.groups = groups::measure(&up, arguments.seconds).await?;
    }
    Ok(report)
}
