//! One run: starts users and devices, kills processes, and stops everything at the end.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use eventually::eventually_within;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::clients::{SharedConversations, SimulatedUser, UserResult};
use super::device::{Device, DeviceBehavior, Phase, SoakCounters};
use super::device_log::DeviceLog;
use super::faults::{FaultInjector, VICTIMS};
use super::final_check::{self, DeviceProgress};
use super::report::SoakReport;
use crate::client::Client;
use crate::fleet::{Fleet, FleetLayout, FleetRole, IndexPlacement};
use crate::seed::Rng;
use crate::world::Settings;

/// Larger groups are not fanned out on write; the query merges their entries.
const FANOUT_THRESHOLD: usize = 12;

/// How long a run is extended at most until everything it has to cover has happened.
const MAX_EXTRA_TIME: Duration = Duration::from_secs(120);

/// The size of a run.
#[derive(Debug, Clone, Copy)]
pub struct SoakConfig {
    /// The number of users.
    pub clients: usize,
    /// The devices of each user.
    pub devices: usize,
    /// The least number of kills. Every process is killed at least once.
    pub rounds: usize,
    /// The least duration of the run.
    pub duration: Duration,
    /// The longest pause between two acts of a user, in milliseconds.
    pub max_pause_ms: i64,
    /// Whether one of the two query APIs is a process with all services, whose projector pushes
    /// what it has written.
    pub all_in_one: bool,
}

/// The tasks of a run.
struct RunningSoak {
    phase: watch::Sender<Phase>,
    counts: Arc<SoakCounters>,
    users: JoinSet<Result<UserResult>>,
    devices: JoinSet<Result<DeviceLog>>,
    progress: Vec<DeviceProgress>,
}

/// Runs the soak and the final comparison.
pub async fn run(size: SoakConfig, seed: u64) -> Result<SoakReport> {
    let settings = Settings::default().with("TIDINGS_FANOUT_THRESHOLD", FANOUT_THRESHOLD);
    let all_in_one = size.all_in_one.then_some(FleetRole::Query(1));
    let layout = FleetLayout {
        command_services: 1,
        query_apis: 2,
        all_in_one,
        index: IndexPlacement::PerQueryApi,
    };
    let mut fleet = Fleet::start_with(layout, &settings).await;
    let mut rng = Rng::new(seed);
    let users: Vec<Client> = (0..size.clients)
        .map(|number| fleet.query_user(&format!("u{number}"), number % 2))
        .collect();
    let conversations = SharedConversations::create(&users, &mut rng).await?;
    let mut soak = RunningSoak::start(&fleet, &users, conversations, size, &mut rng);
    let mut strikes = FaultInjector::default();
    let start = Instant::now();
    // Redelivery starts after 10 s, and few connections survive two kills.
    eventually_within(MAX_EXTRA_TIME, "an entry is redelivered", async || {
        (soak.counts.redeliveries.load(Ordering::Relaxed) > 0).then_some(())
    })
    .await;
    let is_finished = |strikes: &FaultInjector, soak: &RunningSoak, round: usize| {
        let enough = round >= size.rounds.max(VICTIMS.len()) && start.elapsed() >= size.duration;
        enough
            && (soak.has_seen_everything(strikes, size)
                || start.elapsed() > size.duration + MAX_EXTRA_TIME)
    };
    for round in 0.. {
        if is_finished(&strikes, &soak, round) {
            break;
        }
        soak.check_tasks().await?;
        if round >= size.rounds.max(VICTIMS.len()) && !strikes.has_seen_slow_connection {
            // On a slow machine, a queue fills only if no process is killed for a while.
            strikes.wait_for_slow_connection(&fleet).await;
            continue;
        }
        strikes.inject(&mut fleet, &mut rng, round).await;
        let victim = VICTIMS[round % VICTIMS.len()];
        let entries = soak.counts.entries.load(Ordering::Relaxed);
        eprintln!("round {:>3}: {victim:?}; {entries} entries", round + 1);
    }
    let mut report = soak.finish(&fleet, &users).await?;
    strikes.read_all_metrics(&fleet).await;
    report.faults = strikes;
    Ok(report)
}

impl RunningSoak {
    fn start(
        fleet: &Fleet,
        users: &[Client],
        conversations: SharedConversations,
        size: SoakConfig,
        rng: &mut Rng,
    ) -> Self {
        let (phase, phase_receiver) = watch::channel(Phase::Running);
        let mut soak = Self {
            phase,
            counts: Arc::default(),
            users: JoinSet::new(),
            devices: JoinSet::new(),
            progress: Vec::new(),
        };
        let names: Vec<String> = users.iter().map(|it| it.user().to_owned()).collect();
        let names = Arc::new(names);
        let addresses = Arc::new(vec![fleet.query_address(0), fleet.query_address(1)]);
        for (number, client) in users.iter().enumerate() {
            for device in 0..size.devices {
                let device = Device::new(
                    client.clone(),
                    format!("d{device}"),
                    Arc::clone(&addresses),
                    choose_behavior(device, rng),
                    phase_receiver.clone(),
                    Arc::clone(&soak.counts),
                );
                let user = client.user().to_owned();
                let cursor = Arc::clone(&device.cursor);
                soak.progress.push((user, device.name.clone(), cursor));
                soak.devices.spawn(device.run(rng.fork()));
            }
            let person = SimulatedUser {
                client: client.clone(),
                number,
                names: Arc::clone(&names),
                conversations: conversations.clone(),
                max_pause_ms: size.max_pause_ms,
                phase: phase_receiver.clone(),
            };
            soak.users.spawn(person.run(rng.fork()));
        }
        soak
    }

    /// Whether everything that a run has to cover has happened.
    fn has_seen_everything(&self, strikes: &FaultInjector, size: SoakConfig) -> bool {
        let counts = &self.counts;
        let seen = [&counts.redeliveries, &counts.replaced, &counts.broken];
        let seen = seen.iter().all(|it| it.load(Ordering::Relaxed) > 0);
        let pushed = strikes.pushed_batches > 0 || !size.all_in_one;
        seen && pushed && strikes.has_seen_slow_connection
    }

    /// Returns the error of a task that has ended early.
    async fn check_tasks(&mut self) -> Result<()> {
        if let Some(ended) = self.users.try_join_next() {
            ended.context("a user failed")??;
        }
        if let Some(ended) = self.devices.try_join_next() {
            ended.context("a device failed")??;
        }
        Ok(())
    }

    async fn finish(mut self, fleet: &Fleet, users: &[Client]) -> Result<SoakReport> {
        let _ = self.phase.send(Phase::Settling);
        let mut results = Vec::new();
        while let Some(ended) = self.users.join_next().await {
            results.push(ended.context("a user failed")??);
        }
        let admin = fleet.admin();
        let synced = final_check::wait_until_settled(&admin, users, &self.progress).await?;
        let _ = self.phase.send(Phase::Finished);
        let mut logs = Vec::new();
        while let Some(ended) = self.devices.join_next().await {
            logs.push(ended.context("a device failed")??);
        }
        let count = |count: &std::sync::atomic::AtomicUsize| count.load(Ordering::Relaxed);
        let mut report = SoakReport {
            clients: users.len(),
            devices: logs.len(),
            sends: results.iter().map(|it| it.sent.len()).sum(),
            commands: results.iter().map(|it| it.completed).sum(),
            refused: results.iter().map(|it| it.refused).sum(),
            unknown: results.iter().map(|it| it.unknown).sum(),
            connections: count(&self.counts.opened),
            overlapping: count(&self.counts.overlapping),
            replaced: count(&self.counts.replaced),
            broken: count(&self.counts.broken),
            stalls: count(&self.counts.stalls),
            ..SoakReport::default()
        };
        final_check::compare_everything(&admin, users, &synced, &logs, &results, &mut report)
            .await?;
        Ok(report)
    }
}

/// Chooses how a device behaves. The first device of each user acknowledges often.
fn choose_behavior(device: usize, rng: &mut Rng) -> DeviceBehavior {
    let server_sent_events = device > 0 && rng.chance(35);
    DeviceBehavior {
        server_sent_events,
        sends_name: device == 0 || rng.chance(60),
        ack_rate: *rng.pick(&[100, 50, 20, if device == 0 { 30 } else { 2 }]),
        stalls: rng.chance(25),
        starts_at_zero: rng.chance(70),
        max_connection_ms: *rng.pick(&[5_000, 20_000, 60_000]),
    }
}
