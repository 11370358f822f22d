//! `make failover`: kills the Postgres primary under load and promotes its standby, again and
//! again; with `--restore` it restores an earlier copy instead, and with `--split-brain` both
//! servers accept writes for a while. `SEED=` repeats a run.

use std::time::Duration;

use anyhow::Result;
use tests::failover::{FailoverSettings, HistoryChange, run_failovers};
use tests::replication::{ConnectionLoss, ReplicationMode};
use tests::seed::seed;

/// The options of `benches failover`.
#[derive(clap::Args)]
#[allow(clippy::struct_excessive_bools, reason = "one flag for each condition")]
pub struct Args {
    /// Number of failovers.
    #[arg(long, default_value_t = 100)]
    rounds: usize,
    /// Restore an earlier copy of the database instead of failing over.
    #[arg(long, conflicts_with_all = ["sync", "vanish"])]
    restore: bool,
    /// Cut the primary off together with a command service, instead of killing it, and promote the
    /// standby. When both can be reached again, the old primary is stopped or, in every other
    /// round, stays a primary.
    #[arg(long, conflicts_with = "restore")]
    split_brain: bool,
    /// The standby is synchronous: then nothing may be lost.
    #[arg(long)]
    sync: bool,
    /// One of two standbys must have a commit: then nothing may be lost either, if the one that
    /// has received more is promoted. The other one receives everything at once.
    #[arg(long, conflicts_with_all = ["sync", "restore", "split_brain"])]
    quorum: bool,
    /// How much later the standby receives everything, in milliseconds.
    #[arg(long, default_value_t = 5)]
    delay: u64,
    /// The connections to the old primary stay open and silent, as when its machine vanishes.
    #[arg(long)]
    vanish: bool,
    /// Seed of the run [default: SEED, otherwise the clock].
    #[arg(long)]
    seed: Option<u64>,
}

/// Fails over, and checks after each time that everything is what the log of the new primary has.
pub async fn run(args: &Args) -> Result<()> {
    let seed = args.seed.unwrap_or_else(|| seed("failover"));
    let settings = FailoverSettings {
        change: if args.restore {
            HistoryChange::Restore
        } else if args.split_brain {
            HistoryChange::SplitBrain
        } else {
            HistoryChange::Failover
        },
        mode: if args.sync {
            ReplicationMode::Synchronous
        } else if args.quorum {
            ReplicationMode::Quorum
        } else {
            ReplicationMode::Asynchronous
        },
        delay: Duration::from_millis(args.delay),
        loss: if args.vanish {
            ConnectionLoss::Silent
        } else {
            ConnectionLoss::Closed
        },
    };
    let report = run_failovers(settings, args.rounds, seed).await?;
    println!("seed                          {seed}");
    println!("changes of the history         {}", report.rounds);
    println!("acknowledged sends            {}", report.acked);
    println!("lost with the old history     {}", report.lost);
    println!(
        "changes that lost some        {}",
        report.rounds_with_losses
    );
    println!("restarts of the reader        {}", report.restarts);
    if args.split_brain {
        println!("acknowledged while cut off    {}", report.cut_off_acked);
        println!("longest return                {:?}", report.longest_return);
    } else {
        println!("longest silence               {:?}", report.longest_silence);
    }
    Ok(())
}
