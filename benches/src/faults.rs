//! `make faults`: kills every process at random moments under load. `SEED=` repeats a run.

use anyhow::Result;
use tests::chaos;
use tests::seed::seed;

/// The options of `benches faults`.
#[derive(clap::Args)]
pub struct Args {
    /// Number of faults.
    #[arg(long, default_value_t = 30)]
    rounds: usize,
    /// Seed of the run [default: SEED, otherwise the clock].
    #[arg(long)]
    seed: Option<u64>,
}

/// Injects the faults, then checks that nothing was lost, repeated or reordered.
pub async fn run(args: &Args) -> Result<()> {
    let seed = args.seed.unwrap_or_else(|| seed("faults"));
    let report = chaos::run(args.rounds, seed).await?;
    println!("seed                          {seed}\n{report}");
    Ok(())
}
