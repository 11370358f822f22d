//! `make gapless`: checks the gapless order of a log with many events. `SEED=` repeats a run.

use anyhow::Result;
use tests::gapless;
use tests::seed::seed;

/// The options of `benches gapless`.
#[derive(clap::Args)]
pub struct Args {
    /// Number of events to write.
    #[arg(long, default_value_t = 200_000)]
    events: usize,
}

/// Writes the events with 8 writers in 2 command services, then checks every event of the log and
/// of the mirror.
pub async fn run(args: &Args) -> Result<()> {
    let report = gapless::run(args.events, seed("gapless")).await?;
    println!("{report}");
    Ok(())
}
