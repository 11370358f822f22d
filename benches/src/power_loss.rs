//! `make power-loss`: cuts the power of a machine under load, again and again. `SEED=` repeats a
//! run. Needs root and /dev/fuse.

use anyhow::{Result, bail};
use tests::power_loss::{PlantedLoss, PowerLossSettings, run_power_losses};
use tests::seed::seed;

/// The options of `benches power-loss`.
#[derive(clap::Args)]
pub struct Args {
    /// Number of power losses under load.
    #[arg(long, default_value_t = 50)]
    rounds: usize,
    /// Plants a fault, which the run must find.
    #[arg(long)]
    plant: Option<Plant>,
    /// Seed of the run [default: SEED, otherwise the clock].
    #[arg(long)]
    seed: Option<u64>,
}

/// The faults that can be planted.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Plant {
    /// The disk does not write the log of Postgres when it should.
    UnsyncedLog,
}

/// Cuts the power, and checks after each time that nothing acknowledged was lost.
pub async fn run(args: &Args) -> Result<()> {
    let seed = args.seed.unwrap_or_else(|| seed("power-loss"));
    let settings = PowerLossSettings {
        rounds: args.rounds,
        planted: args
            .plant
            .map(|Plant::UnsyncedLog| PlantedLoss::UnsyncedLog),
    };
    let outcome = run_power_losses(settings, seed).await;
    println!("seed                          {seed}");
    match (args.plant, outcome) {
        (None, outcome) => println!("{}", outcome?),
        (Some(plant), Ok(_)) => bail!("{plant:?} was planted, and the run has not found it"),
        (Some(plant), Err(found)) => println!("{plant:?} was found: {found:#}"),
    }
    Ok(())
}
