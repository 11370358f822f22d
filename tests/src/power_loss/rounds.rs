//! The rounds: load, power loss, start, comparison.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use eventually::eventually;

use super::machine::PowerLossMachine;
use super::pattern::LossPattern;
use super::volume::PowerLoss;
use crate::chaos::{ChaosReport, Load, LoadOutcome, check_invariants, members};
use crate::endpoints::SystemEndpoints;
use crate::log;
use crate::seed::Rng;
use crate::world::Settings;

/// How many sends are acknowledged before the load counts as running, and after a start.
const SENDS_PER_PHASE: usize = 100;

/// The longest time from then to the power loss, in milliseconds: seals and index commits come
/// once a second.
const MAX_LOAD_MS: i64 = 1_500;

/// In how many percent of the rounds the power fails again during the next start.
const REPEATED_LOSS_PERCENT: u64 = 25;

/// The longest time from the begin of a start to that failure, in milliseconds.
const MAX_START_MS: i64 = 1_500;

/// How often the power fails during the first start, while Postgres creates its files.
const LOSSES_DURING_SETUP: usize = 3;

/// How long an event may stay unsealed.
const SEAL_INTERVAL: &str = "1s";

/// A fault that a run must find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlantedLoss {
    /// The disk does not write the log of Postgres when it should.
    UnsyncedLog,
}

/// The conditions of a run.
#[derive(Debug, Clone, Copy)]
pub struct PowerLossSettings {
    /// The number of power losses under load.
    pub rounds: usize,
    /// A fault that the run must find.
    pub planted: Option<PlantedLoss>,
}

/// What a run has found.
#[derive(Debug, Default)]
pub struct PowerLossReport {
    /// Power losses under load, and during a start.
    pub losses: usize,
    /// Power losses during a start.
    pub losses_during_start: usize,
    /// What they took altogether.
    pub taken: PowerLoss,
    /// What was compared after the last one.
    pub compared: ChaosReport,
    /// The longest time from the start after a loss until the system was ready.
    pub longest_start: Duration,
}

impl PowerLossReport {
    fn add(&mut self, loss: PowerLoss) {
        self.losses += 1;
        self.taken.bytes.unsynced += loss.bytes.unsynced;
        self.taken.bytes.lost += loss.bytes.lost;
        self.taken.unsynced_names += loss.unsynced_names;
        self.taken.lost_names += loss.lost_names;
    }
}

impl fmt::Display for PowerLossReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (taken, mib) = (self.taken, |bytes: usize| bytes as f64 / 1_048_576.0);
        writeln!(f, "power losses                  {}", self.losses)?;
        writeln!(
            f,
            "  of them during a start      {}",
            self.losses_during_start
        )?;
        writeln!(
            f,
            "unsynced content              {:.1} MiB",
            mib(taken.bytes.unsynced)
        )?;
        writeln!(
            f,
            "  of it lost                  {:.1} MiB",
            mib(taken.bytes.lost)
        )?;
        writeln!(f, "unsynced names                {}", taken.unsynced_names)?;
        writeln!(f, "  of them lost                {}", taken.lost_names)?;
        let longest = self.longest_start.as_secs_f64();
        writeln!(f, "longest start after a loss    {longest:.1} s")?;
        write!(f, "{}", self.compared)
    }
}

/// Cuts the power again and again under load. After each start, everything that was acknowledged
/// must be where it was acknowledged, and everything else must agree with the log. A seed repeats
/// the choices, but not how they interleave with the load.
pub async fn run_power_losses(settings: PowerLossSettings, seed: u64) -> Result<PowerLossReport> {
    let (mut rng, mut report) = (Rng::new(seed), PowerLossReport::default());
    let env = Settings::default().with("TIDINGS_SEAL_EVERY", SEAL_INTERVAL);
    let mut machine = PowerLossMachine::create(&env)?;
    for _ in 0..LOSSES_DURING_SETUP {
        lose_power_during_start(&mut machine, &mut rng, &mut report).await?;
    }
    start(&mut machine, &mut report).await?;
    let mut outcome = LoadOutcome::default();
    for round in 0..settings.rounds {
        let endpoints = machine.system.endpoints().await?;
        let load = match round {
            0 => Load::start(&endpoints, rng.next_u64()).await?,
            _ => Load::resume(&endpoints, rng.next_u64(), outcome),
        };
        if settings.planted == Some(PlantedLoss::UnsyncedLog) {
            machine.disk.ignore_log_syncs();
        }
        wait_for_sends(&load).await;
        rng.pause(MAX_LOAD_MS).await;
        lose_power(&mut machine, settings, &mut rng, &mut report)?;
        if rng.chance(REPEATED_LOSS_PERCENT) {
            lose_power_during_start(&mut machine, &mut rng, &mut report).await?;
        }
        start(&mut machine, &mut report).await?;
        wait_for_sends(&load).await;
        outcome = load.stop().await?;
        report.compared = ChaosReport::default();
        check(&machine, &mut outcome, &mut report.compared)
            .await
            .with_context(|| format!("round {}", round + 1))?;
        let (acked, losses) = (report.compared.acked, report.losses);
        eprintln!(
            "round {:>3}: {acked} sends, {losses} power losses",
            round + 1
        );
    }
    Ok(report)
}

async fn wait_for_sends(load: &Load) {
    let before = load.acked();
    eventually("sends are acknowledged", async || {
        (load.acked() >= before + SENDS_PER_PHASE).then_some(())
    })
    .await;
}

fn lose_power(
    machine: &mut PowerLossMachine,
    settings: PowerLossSettings,
    rng: &mut Rng,
    report: &mut PowerLossReport,
) -> Result<()> {
    // A disk that lies and then keeps some of it leaves a Postgres that does not start. The run
    // must find the sends that were lost, too.
    let pattern = match settings.planted {
        Some(PlantedLoss::UnsyncedLog) => LossPattern::EVERYTHING,
        None => LossPattern::random(rng),
    };
    let loss = tokio::task::block_in_place(|| machine.lose_power(pattern, rng))?;
    eprintln!("           {pattern:?}: {loss:?}");
    report.add(loss);
    Ok(())
}

/// The power fails before the system is ready, or shortly after.
async fn lose_power_during_start(
    machine: &mut PowerLossMachine,
    rng: &mut Rng,
    report: &mut PowerLossReport,
) -> Result<()> {
    machine.system.spawn_service();
    rng.pause(MAX_START_MS).await;
    let pattern = LossPattern::random(rng);
    let loss = tokio::task::block_in_place(|| machine.lose_power(pattern, rng))?;
    eprintln!("  starting {pattern:?}: {loss:?}");
    report.add(loss);
    report.losses_during_start += 1;
    Ok(())
}

async fn start(machine: &mut PowerLossMachine, report: &mut PowerLossReport) -> Result<()> {
    let started = Instant::now();
    let outcome = machine.system.try_start_service().await;
    outcome.map_err(|output| anyhow::anyhow!("it does not start after the loss: {output}"))?;
    report.longest_start = report.longest_start.max(started.elapsed());
    Ok(())
}

/// The index has everything that a user sees who sees everything.
async fn wait_for_search(endpoints: &SystemEndpoints) -> Result<()> {
    let head = log::head(&endpoints.pool).await?;
    let path = format!("/v1/search?q=writer0&min_position={head}");
    let reader = endpoints.user(&members(0)[0], 0);
    eventually("the index is at the head", async || {
        (reader.get(&path).await.status == 200).then_some(())
    })
    .await;
    Ok(())
}

async fn check(
    machine: &PowerLossMachine,
    outcome: &mut LoadOutcome,
    report: &mut ChaosReport,
) -> Result<()> {
    let endpoints = machine.system.endpoints().await?;
    check_invariants(&endpoints, outcome, report).await?;
    wait_for_search(&endpoints).await?;
    for command in [
        ["verify"].as_slice(),
        &["verify", "--search"],
        &["log", "verify"],
    ] {
        let output = machine.system.run(command).await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned()
            + &String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.success(), "tidings {command:?}: {said}");
    }
    Ok(())
}
