//! The nodes of a NATS cluster are killed in turn under load, and one is lost with its disk.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use eventually::eventually;

use super::invariants::check_invariants;
use super::load::Load;
use super::report::ChaosReport;
use crate::fleet::Fleet;
use crate::log;
use crate::nats_cluster::NatsCluster;
use crate::outside_consumer::OutsideConsumer;
use crate::seed::Rng;
use crate::world::{Settings, create_dir};

/// The nodes of the cluster.
const NODES: usize = 3;

/// How many sends are acknowledged while a node is away.
const SENDS_PER_KILL: usize = 60;

/// The longest random time between two faults, in milliseconds.
const MAX_PAUSE_MS: i64 = 300;

/// How long a stream may have no leader in a run with one replica.
const RECREATE_AFTER: &str = "5s";

/// The conditions of a run.
#[derive(Debug, Clone, Copy)]
pub struct NatsNodesSettings {
    /// How often each node is killed.
    pub kills: usize,
    /// The replicas of the stream, if they are configured.
    pub replicas: Option<usize>,
}

/// What a run has found.
#[derive(Debug, Default)]
pub struct NatsNodesReport {
    /// What was compared.
    pub compared: ChaosReport,
    /// How often a node was killed, and how often one was lost with its disk.
    pub kills: usize,
    /// The same for losses.
    pub losses: usize,
    /// The events that the consumer outside of the system has received, each in its place.
    pub consumed: usize,
    /// How many of them it received again.
    pub redelivered: usize,
    /// How often its consumer had to be created again.
    pub recreated_consumers: usize,
    /// The longest time from a fault until the mirror had moved.
    pub longest_stall: Duration,
}

/// Kills each node so many times, loses the leader of the stream with its disk, and checks that
/// everything agrees.
pub async fn run_nats_nodes(settings: NatsNodesSettings, seed: u64) -> Result<NatsNodesReport> {
    let mut cluster = NatsCluster::start(&create_dir(), NODES);
    let mut env = Settings::default().with("NATS_URL", cluster.url());
    if let Some(replicas) = settings.replicas {
        env = env
            .with("TIDINGS_STREAM_REPLICAS", replicas)
            .with("TIDINGS_STREAM_RECREATE_AFTER", RECREATE_AFTER);
    }
    let replicas = settings.replicas.unwrap_or(NODES).min(NODES);
    let fleet = Fleet::start(2, &env).await;
    cluster.wait_until_replicated(replicas).await;
    let load = Load::start(&fleet.endpoints(), seed).await?;
    let consumer = OutsideConsumer::start(&cluster.url());
    consumer.wait_for(1).await;
    let (mut report, mut rng) = (NatsNodesReport::default(), Rng::new(seed));
    for _ in 0..settings.kills {
        for node in 0..NODES {
            rng.pause(MAX_PAUSE_MS).await;
            cluster.kill_node(node);
            report.kills += 1;
            keep_sending(&load).await;
            if replicas > 1 {
                report.await_movement(&cluster).await?;
            }
            cluster.start_node(node);
            cluster.wait_until_replicated(replicas).await;
            report.await_movement(&cluster).await?;
        }
    }
    lose_leader(&mut cluster, &load, replicas, &mut report).await?;
    let mut done = load.stop().await?;
    check_invariants(&fleet.endpoints(), &mut done, &mut report.compared).await?;
    let events = log::fetch_events(&fleet.admin()).await?;
    let consumed = consumer.finish(&events).await?;
    report.consumed = consumed.events.len();
    report.redelivered = consumed.redelivered;
    report.recreated_consumers = consumed.consumers.len().saturating_sub(1);
    ensure!(
        replicas == 1 || report.recreated_consumers == 0,
        "a replicated stream was recreated"
    );
    Ok(report)
}

/// The node that leads the stream is lost with its disk. The mirror must continue before the node
/// is back, and after it is back empty.
async fn lose_leader(
    cluster: &mut NatsCluster,
    load: &Load,
    replicas: usize,
    report: &mut NatsNodesReport,
) -> Result<()> {
    let leader = cluster.wait_for_leader().await;
    cluster.lose_node(leader);
    report.losses += 1;
    keep_sending(load).await;
    report.await_movement(cluster).await?;
    let other = cluster.wait_for_leader().await;
    ensure!(other != leader, "the lost node leads the stream");
    cluster.start_node(leader);
    cluster.wait_until_replicated(replicas).await;
    keep_sending(load).await;
    report.await_movement(cluster).await
}

/// Waits for more acknowledged sends, which need no NATS.
async fn keep_sending(load: &Load) {
    let before = load.acked();
    eventually("sends are acknowledged", async || {
        (load.acked() >= before + SENDS_PER_KILL).then_some(())
    })
    .await;
}

impl NatsNodesReport {
    /// Waits until the mirror has moved twice: the first answer may be of before the fault.
    async fn await_movement(&mut self, cluster: &NatsCluster) -> Result<()> {
        let began = Instant::now();
        for _ in 0..2 {
            let first = eventually("the mirror answers", async || {
                log::mirror_range(&cluster.url()).await.ok()
            })
            .await;
            eventually("the mirror moves", async || {
                let now = log::mirror_range(&cluster.url()).await.ok()?;
                (now.1 != first.1).then_some(())
            })
            .await;
        }
        self.longest_stall = self.longest_stall.max(began.elapsed());
        Ok(())
    }
}

impl fmt::Display for NatsNodesReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "nodes killed                  {}", self.kills)?;
        writeln!(f, "nodes lost with their disk    {}", self.losses)?;
        write!(f, "{}", self.compared)?;
        writeln!(f, "events consumed outside       {}", self.consumed)?;
        writeln!(f, "of these delivered again      {}", self.redelivered)?;
        writeln!(
            f,
            "consumers created again       {}",
            self.recreated_consumers
        )?;
        writeln!(
            f,
            "longest stall                 {:.1} s",
            self.longest_stall.as_secs_f64()
        )
    }
}
