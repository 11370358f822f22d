//! `make live-soak`: many clients with several devices each, and kills in between. `SEED=` replays a run, as far
//! as concurrency allows.

use std::time::Duration;

use clap::Parser;
use tests::live_soak::{self, SoakConfig};
use tests::seed;

/// Lets clients do random things while processes are killed, and compares at the end what each device has
/// collected with what sync returns.
#[derive(Parser)]
struct Arguments {
    /// People.
    #[arg(long, default_value_t = 200)]
    clients: usize,
    /// Devices of each.
    #[arg(long, default_value_t = 3)]
    devices: usize,
    /// Kills go on for so long.
    #[arg(long, default_value_t = 5.0)]
    minutes: f64,
    /// Kills at least.
    #[arg(long, default_value_t = 20)]
    rounds: usize,
    /// The longest pause between two deeds of a person, in milliseconds.
    #[arg(long, default_value_t = 4_000)]
    pause: i64,
    /// One of the two query APIs is a process with all services.
    #[arg(long)]
    together: bool,
    /// The seed; `SEED`, else the clock, if it is not given.
    #[arg(long)]
    seed: Option<u64>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let seed = arguments.seed.unwrap_or_else(|| seed::seed("live-soak"));
    let size = SoakConfig {
        clients: arguments.clients,
        devices: arguments.devices,
        rounds: arguments.rounds,
        time: Duration::from_secs_f64(arguments.minutes * 60.0),
        max_pause_ms: arguments.pause,
        all_in_one: arguments.together,
    };
    let report = live_soak::run(size, seed).await?;
    println!("seed                          {seed}\n{report}");
    Ok(())
}
