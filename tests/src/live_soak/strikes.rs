//! What is killed meanwhile, one at a time.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::eventually::eventually;
use crate::fleet::{Fleet, Role};
use crate::seed::Rng;
use crate::servers::Which;

/// The longest time in which nothing is broken, in milliseconds.
const LONGEST_PEACE: i64 = 3_000;

/// The longest time for which a killed service stays away, in milliseconds.
const LONGEST_ABSENCE: i64 = 1_000;

/// Who is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Victim {
    /// One of the two query APIs, with all its connections.
    Query(usize),
    /// The projector.
    Projector,
    /// The command service.
    Command,
    /// nats-server.
    Nats,
}

/// Each is killed once in so many rounds.
pub const VICTIMS: [Victim; 5] = [
    Victim::Query(0),
    Victim::Projector,
    Victim::Nats,
    Victim::Query(1),
    Victim::Command,
];

/// The kills of a run.
#[derive(Debug, Default)]
pub struct Strikes {
    /// How often each was killed.
    pub kills: BTreeMap<Victim, usize>,
    /// Connections that a query API has given up because they did not read.
    pub given_up: usize,
    /// Batches that a query API was told of with their entries, by the projector of the same process.
    pub told: usize,
}

impl Strikes {
    /// Waits a random while, kills the next one, and starts it again.
    pub async fn strike(&mut self, fleet: &mut Fleet, rng: &mut Rng, round: usize) {
        pause(rng, LONGEST_PEACE).await;
        let victim = VICTIMS[round % VICTIMS.len()];
        let role = match victim {
            Victim::Query(number) => {
                self.count(fleet, number).await;
                Role::Query(number)
            }
            Victim::Projector => Role::Projector,
            Victim::Command => Role::Command(0),
            Victim::Nats => {
                fleet.kill_server(Which::Nats).await;
                *self.kills.entry(victim).or_default() += 1;
                return;
            }
        };
        fleet.kill(role);
        *self.kills.entry(victim).or_default() += 1;
        pause(rng, LONGEST_ABSENCE).await;
        fleet.wake(role).await;
    }

    /// Counts what was counted since the last kills too.
    pub async fn finish(&mut self, fleet: &Fleet) {
        for number in 0..2 {
            self.count(fleet, number).await;
        }
    }

    /// What a process has counted since it started.
    async fn count(&mut self, fleet: &Fleet, number: usize) {
        let reader = fleet.query_user("admin", number);
        let metrics = eventually("the metrics are there", async || {
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
        self.given_up += counted("tidings_live_slow_total");
        self.told += counted("tidings_live_batches_total{asked=\"nobody\"}");
    }
}

/// Random moments need random pauses.
async fn pause(rng: &mut Rng, longest: i64) {
    tokio::time::sleep(Duration::from_millis(rng.between(0, longest) as u64)).await;
}
