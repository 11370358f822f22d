//! `make faults`: kill -9 of every process at random moments under load. `SEED=` replays a run.

use clap::Parser;
use tests::{chaos, seed};

/// Breaks one thing a round, and checks at the end that nothing was lost, doubled or reordered.
#[derive(Parser)]
struct Arguments {
    /// How often something is broken.
    #[arg(long, default_value_t = 30)]
    rounds: usize,
    /// The seed; `SEED`, else the clock, if it is not given.
    #[arg(long)]
    seed: Option<u64>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let seed = arguments.seed.unwrap_or_else(|| seed::seed("faults"));
    let report = chaos::run(arguments.rounds, seed).await?;
    println!("seed                          {seed}\n{report}");
    Ok(())
}
