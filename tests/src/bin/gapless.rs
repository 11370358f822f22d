//! `make gapless`: the gapless order with many events. `SEED=` replays a run.

use clap::Parser;
use tests::{gapless, seed};

/// 8 writers in 2 command services; then every event of the log and of the stream is checked.
#[derive(Parser)]
struct Arguments {
    /// Events to write.
    #[arg(long, default_value_t = 200_000)]
    events: usize,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let report = gapless::run(arguments.events, seed::seed("gapless")).await?;
    println!("{report}");
    Ok(())
}
