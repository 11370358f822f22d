//! `make nats-cluster`: kills the nodes of a NATS cluster under load, again and again, and loses
//! one with its disk. `make nats-full`: the disk of an embedded nats-server gets full and is
//! emptied.

use anyhow::Result;
use tests::chaos::{NatsNodesSettings, run_nats_nodes};
use tests::nats_storage::{StorageFault, run_storage_fault};
use tests::seed::seed;

/// The options of `benches nats-cluster`.
#[derive(clap::Args)]
pub struct ClusterArgs {
    /// How often each node is killed.
    #[arg(long, default_value_t = 20)]
    rounds: usize,
    /// Replicas of the stream [default: as the program chooses].
    #[arg(long)]
    replicas: Option<usize>,
    /// Seed of the run [default: SEED, otherwise the clock].
    #[arg(long)]
    seed: Option<u64>,
}

/// Kills and loses nodes, and checks that everything agrees with the log.
pub async fn run_cluster(args: &ClusterArgs) -> Result<()> {
    let seed = args.seed.unwrap_or_else(|| seed("nats"));
    let settings = NatsNodesSettings {
        kills: args.rounds,
        replicas: args.replicas,
    };
    let report = run_nats_nodes(settings, seed).await?;
    println!("seed                          {seed}\n{report}");
    Ok(())
}

/// Fills the disk of an embedded nats-server, and empties it. Needs root.
pub async fn run_full() -> Result<()> {
    let report = run_storage_fault(StorageFault::Full).await?;
    println!("acknowledged sends            {}", report.sends);
    println!("mirrored events compared      {}", report.mirrored);
    println!(
        "healed after                  {:.1} s",
        report.healed_after.as_secs_f64()
    );
    Ok(())
}
