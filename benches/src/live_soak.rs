//! `make live-soak`: many users with several devices each while processes are killed. `SEED=`
//! repeats the random choices of a run, but not its timing.

use std::time::Duration;

use anyhow::Result;
use tests::live_soak::{self, SoakConfig};
use tests::seed::seed;

/// The options of `benches live-soak`.
#[derive(clap::Args)]
pub struct Args {
    /// Number of users.
    #[arg(long, default_value_t = 200)]
    clients: usize,
    /// Devices of each user.
    #[arg(long, default_value_t = 3)]
    devices: usize,
    /// Least duration of the run.
    #[arg(long, default_value_t = 5.0)]
    minutes: f64,
    /// Least number of kills.
    #[arg(long, default_value_t = 20)]
    rounds: usize,
    /// Longest pause between two acts of a user, in milliseconds.
    #[arg(long, default_value_t = 4_000)]
    pause: i64,
    /// Run all services in one process in place of one of the two query APIs.
    #[arg(long)]
    together: bool,
    /// Seed of the run [default: SEED, otherwise the clock].
    #[arg(long)]
    seed: Option<u64>,
}

/// Lets users act while processes are killed, then compares every device with sync.
pub async fn run(args: &Args) -> Result<()> {
    let seed = args.seed.unwrap_or_else(|| seed("live-soak"));
    let config = SoakConfig {
        clients: args.clients,
        devices: args.devices,
        rounds: args.rounds,
        duration: Duration::from_secs_f64(args.minutes * 60.0),
        max_pause_ms: args.pause,
        all_in_one: args.together,
    };
    let report = live_soak::run(config, seed).await?;
    println!("seed                          {seed}\n{report}");
    Ok(())
}
