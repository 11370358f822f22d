//! Kills one process after the other.

use std::collections::BTreeMap;
use std::time::Duration;

use eventually::{eventually, eventually_within};

use crate::fleet::{Fleet, FleetRole};
use crate::seed::Rng;
use crate::servers::ServerKind;

/// The longest pause between two kills, in milliseconds.
const MAX_PAUSE_MS: i64 = 3_000;

/// The longest time until a killed service is restarted, in milliseconds.
const MAX_DOWNTIME_MS: i64 = 1_000;

/// How long it takes at most until a connection is closed as too slow if nothing is killed: several
/// of the longest stalls.
const SLOW_CONNECTION_TIMEOUT: Duration = Duration::from_secs(120);

/// A process that is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Victim {
    /// One of the two query APIs, with all its connections.
    QueryApi(usize),
    /// The projector.
    Projector,
    /// The command service.
    CommandService,
    /// nats-server.
    Nats,
}

/// All victims. As many rounds kill each of them once.
pub const VICTIMS: [Victim; 5] = [
    Victim::QueryApi(0),
    Victim::Projector,
    Victim::Nats,
    Victim::QueryApi(1),
    Victim::CommandService,
];

/// Kills processes, and counts what the query APIs report.
#[derive(Debug, Default)]
pub struct FaultInjector {
    /// How often each victim was killed.
    pub kills: BTreeMap<Victim, usize>,
    /// Connections that a query API closed because they did not read.
    pub slow_connections: usize,
    /// Whether there was such a connection.
    pub has_seen_slow_connection: bool,
    /// Batches that the projector of the same process pushed to a query API.
    pub pushed_batches: usize,
}

impl FaultInjector {
    /// Pauses for a random time, kills the victim of this round and restarts it.
    pub async fn inject(&mut self, fleet: &mut Fleet, rng: &mut Rng, round: usize) {
        rng.pause(MAX_PAUSE_MS).await;
        let victim = VICTIMS[round % VICTIMS.len()];
        let role = match victim {
            Victim::QueryApi(number) => {
                self.read_metrics(fleet, number).await;
                FleetRole::Query(number)
            }
            Victim::Projector => FleetRole::Projector,
            Victim::CommandService => FleetRole::Command(0),
            Victim::Nats => {
                fleet.kill_server(ServerKind::Nats).await;
                *self.kills.entry(victim).or_default() += 1;
                return;
            }
        };
        fleet.kill_service(role);
        *self.kills.entry(victim).or_default() += 1;
        rng.pause(MAX_DOWNTIME_MS).await;
        fleet.start_service(role).await;
    }

    /// Adds the metrics since the last kills.
    pub async fn read_all_metrics(&mut self, fleet: &Fleet) {
        for number in 0..2 {
            self.read_metrics(fleet, number).await;
        }
    }

    /// Waits until a query API has closed a connection that did not read.
    pub async fn wait_for_slow_connection(&mut self, fleet: &Fleet) {
        let what = "a connection is closed as too slow";
        eventually_within(SLOW_CONNECTION_TIMEOUT, what, async || {
            let [first, second] = [read(fleet, 0).await, read(fleet, 1).await];
            (first.slow_connections + second.slow_connections > 0).then_some(())
        })
        .await;
        self.has_seen_slow_connection = true;
    }

    /// Adds the metrics of a query API since it started.
    async fn read_metrics(&mut self, fleet: &Fleet, number: usize) {
        let metrics = read(fleet, number).await;
        self.slow_connections += metrics.slow_connections;
        self.has_seen_slow_connection |= metrics.slow_connections > 0;
        self.pushed_batches += metrics.pushed_batches;
    }
}

/// What a query API reports since it started.
struct QueryApiMetrics {
    slow_connections: usize,
    pushed_batches: usize,
}

async fn read(fleet: &Fleet, number: usize) -> QueryApiMetrics {
    let reader = fleet.query_user("admin", number);
    let metrics = eventually("the metrics are available", async || {
        let request = reader.request(&reqwest::Method::GET, "/metrics");
        let answer = request.try_send().await.ok()?;
        (answer.status == 200).then(|| String::from_utf8_lossy(&answer.body).into_owned())
    })
    .await;
    let counted = |name: &str| -> usize {
        let mut lines = metrics.lines();
        let count = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        count.map_or(0, |count| count.parse().unwrap_or(0))
    };
    QueryApiMetrics {
        slow_connections: counted("tidings_live_slow_total"),
        pushed_batches: counted("tidings_live_batches_total{asked=\"nobody\"}"),
    }
}
