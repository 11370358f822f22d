//! The soak of live delivery: many clients with several devices each do random things, their connections
//! break and stall, processes are killed, and in the end what each device has collected is what sync returns.
//!
//! - [`clients`]: the people, and what they do; [`device`]: what listens for them; [`stream`]: over what.
//! - [`strikes`]: what is killed.
//! - [`journal`]: what a device has collected; [`told`]: what the log says it had to be told; [`compare`]: the
//!   one against the other and against sync, and the rule of it.
//! - [`badges`]: unread counts; [`verdict`]: the end of a run.

pub mod badges;
pub mod clients;
pub mod compare;
pub mod device;
pub mod journal;
pub mod stream;
pub mod strikes;
pub mod told;
mod verdict;

#[cfg(test)]
mod teeth;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::client::Client;
use crate::eventually::within;
use crate::fleet::{Fleet, Role};
use crate::seed::Rng;
use crate::world::Settings;
use clients::{Deeds, Person, Rooms};
use compare::Tally;
use device::{Counts, Device, Habits, Phase};
use journal::Journal;
use strikes::{Strikes, VICTIMS};
use verdict::Progress;

/// Groups of more members are not fanned out: their entries are merged when they are read.
const FANOUT_THRESHOLD: usize = 12;

/// How long a run goes on at most to see everything that has to be seen.
const PATIENCE: Duration = Duration::from_secs(120);

/// How large a run is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// People.
    pub clients: usize,
    /// Devices of each.
    pub devices: usize,
    /// Kills, at least one of each process.
    pub rounds: usize,
    /// Kills go on for at least so long.
    pub time: Duration,
    /// The longest pause between two deeds of a person, in milliseconds.
    pub pause: i64,
    /// One of the two query APIs is a process with all services, whose projector tells what it has written.
    pub together: bool,
}

/// What one run came to.
#[derive(Debug, Default)]
pub struct Report {
    /// People.
    pub clients: usize,
    /// All their devices.
    pub devices: usize,
    /// Sends that were acknowledged.
    pub sends: usize,
    /// Commands that were answered.
    pub commands: usize,
    /// Of those, refused.
    pub refused: usize,
    /// Of those, in doubt at least once.
    pub unknown: usize,
    /// Events of the log.
    pub events: usize,
    /// Entries of sync, over all users.
    pub synced: usize,
    /// What the devices have collected, all together.
    pub collected: Tally,
    /// Connections.
    pub connections: usize,
    /// Connections that stayed open while the device opened another one.
    pub doubled: usize,
    /// Connections that were replaced by the same device.
    pub replaced: usize,
    /// Connections that broke.
    pub broken: usize,
    /// How often a device did not read for a while.
    pub stalls: usize,
    /// Kills, and connections that were given up as too slow.
    pub strikes: Strikes,
    /// Users whose badges were compared.
    pub badges: usize,
    /// What did not fit: none, or there is no report.
    pub mismatches: usize,
}

/// A run that is under way.
struct Soak {
    phase: watch::Sender<Phase>,
    counts: Arc<Counts>,
    people: JoinSet<Result<Deeds>>,
    devices: JoinSet<Result<Journal>>,
    progress: Vec<Progress>,
}

/// One run, and the verdict.
pub async fn run(size: Size, seed: u64) -> Result<Report> {
    let settings = Settings::default().with("TIDINGS_FANOUT_THRESHOLD", FANOUT_THRESHOLD);
    let whole = size.together.then_some(Role::Query(1));
    let mut fleet = Fleet::of(1, 2, whole, &settings).await;
    let mut rng = Rng::new(seed);
    let users: Vec<Client> = (0..size.clients)
        .map(|number| fleet.query_user(&format!("u{number}"), number % 2))
        .collect();
    let rooms = Rooms::make(&users, &mut rng).await?;
    let mut soak = Soak::start(&fleet, &users, rooms, size, &mut rng);
    let mut strikes = Strikes::default();
    let start = Instant::now();
    // Nothing is sent again before 10 s, and few connections outlive two kills.
    within(PATIENCE, "something is sent again", async || {
        (soak.counts.repushes.load(Ordering::Relaxed) > 0).then_some(())
    })
    .await;
    let is_through = |strikes: &Strikes, soak: &Soak, round: usize| {
        let enough = round >= size.rounds.max(VICTIMS.len()) && start.elapsed() >= size.time;
        enough
            && (soak.has_seen_everything(strikes, size) || start.elapsed() > size.time + PATIENCE)
    };
    for round in 0.. {
        if is_through(&strikes, &soak, round) {
            break;
        }
        soak.fail_early().await?;
        strikes.strike(&mut fleet, &mut rng, round).await;
        let victim = VICTIMS[round % VICTIMS.len()];
        let entries = soak.counts.entries.load(Ordering::Relaxed);
        eprintln!("round {:>3}: {victim:?}; {entries} entries", round + 1);
    }
    let mut report = soak.finish(&fleet, &users).await?;
    strikes.finish(&fleet).await;
    report.strikes = strikes;
    Ok(report)
}

impl Soak {
    fn start(fleet: &Fleet, users: &[Client], rooms: Rooms, size: Size, rng: &mut Rng) -> Self {
        let (phase, heard) = watch::channel(Phase::Running);
        let mut soak = Self {
            phase,
            counts: Arc::default(),
            people: JoinSet::new(),
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
                    habits(device, rng),
                    heard.clone(),
                    Arc::clone(&soak.counts),
                );
                let user = client.user().to_owned();
                let cursor = Arc::clone(&device.cursor);
                soak.progress.push((user, device.name.clone(), cursor));
                soak.devices.spawn(device.live(rng.fork()));
            }
            let person = Person {
                client: client.clone(),
                number,
                names: Arc::clone(&names),
                rooms: rooms.clone(),
                pause: size.pause,
                phase: heard.clone(),
            };
            soak.people.spawn(person.act(rng.fork()));
        }
        soak
    }

    /// Whether what a run is for has happened at all.
    fn has_seen_everything(&self, strikes: &Strikes, size: Size) -> bool {
        let counts = &self.counts;
        let seen = [&counts.repushes, &counts.replaced, &counts.broken];
        let seen = seen.iter().all(|it| it.load(Ordering::Relaxed) > 0);
        seen && strikes.given_up > 0 && (strikes.told > 0 || !size.together)
    }

    /// Somebody who has ended while everything runs has failed.
    async fn fail_early(&mut self) -> Result<()> {
        if let Some(ended) = self.people.try_join_next() {
            ended.context("somebody")??;
        }
        if let Some(ended) = self.devices.try_join_next() {
            ended.context("a device")??;
        }
        Ok(())
    }

    async fn finish(mut self, fleet: &Fleet, users: &[Client]) -> Result<Report> {
        let _ = self.phase.send(Phase::Settling);
        let mut deeds = Vec::new();
        while let Some(ended) = self.people.join_next().await {
            deeds.push(ended.context("somebody")??);
        }
        let admin = fleet.admin();
        let synced = verdict::settle(&admin, users, &self.progress).await?;
        let _ = self.phase.send(Phase::Over);
        let mut journals = Vec::new();
        while let Some(ended) = self.devices.join_next().await {
            journals.push(ended.context("a device")??);
        }
        let count = |count: &std::sync::atomic::AtomicUsize| count.load(Ordering::Relaxed);
        let mut report = Report {
            clients: users.len(),
            devices: journals.len(),
            sends: deeds.iter().map(|it| it.sent.len()).sum(),
            commands: deeds.iter().map(|it| it.done).sum(),
            refused: deeds.iter().map(|it| it.refused).sum(),
            unknown: deeds.iter().map(|it| it.unknown).sum(),
            connections: count(&self.counts.opened),
            doubled: count(&self.counts.doubled),
            replaced: count(&self.counts.replaced),
            broken: count(&self.counts.broken),
            stalls: count(&self.counts.stalls),
            ..Report::default()
        };
        verdict::judge(&admin, users, &synced, &journals, &deeds, &mut report).await?;
        Ok(report)
    }
}

/// The first device of everybody acknowledges often; the others are what chance makes of them.
fn habits(device: usize, rng: &mut Rng) -> Habits {
    let events = device > 0 && rng.chance(35);
    Habits {
        events,
        named: device == 0 || rng.chance(60),
        acks: *rng.pick(&[100, 50, 20, if device == 0 { 30 } else { 2 }]),
        slow: rng.chance(25),
        from_zero: rng.chance(70),
        life: *rng.pick(&[5_000, 20_000, 60_000]),
    }
}

impl Report {
    fn add(&mut self, tally: &Tally) {
        self.collected.entries += tally.entries;
        self.collected.different += tally.different;
        self.collected.repushes += tally.repushes;
        self.collected.repushed += tally.repushed;
        self.collected.passed_over += tally.passed_over;
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally {
            entries,
            different,
            repushes,
            repushed,
            passed_over,
        } = self.collected;
        let lines = [
            ("clients", self.clients),
            ("devices", self.devices),
            ("acknowledged sends", self.sends),
            ("commands", self.commands),
            ("refused", self.refused),
            ("in doubt at least once", self.unknown),
            ("events", self.events),
            ("entries of sync", self.synced),
            ("entries that came to devices", entries),
            ("different ones", different),
            ("went back to be sent again", repushes),
            ("entries sent again by that", repushed),
            ("passed over while away", passed_over),
            ("connections", self.connections),
            ("beside another one", self.doubled),
            ("replaced by the same device", self.replaced),
            ("broken", self.broken),
            ("did not read for a while", self.stalls),
            ("given up as too slow", self.strikes.given_up),
            ("batches told by a projector", self.strikes.told),
            ("badges compared", self.badges),
            ("mismatches", self.mismatches),
        ];
        for (what, count) in lines {
            writeln!(f, "{what:<29} {count}")?;
        }
        for (victim, times) in &self.strikes.kills {
            writeln!(f, "{:<29} {times}", format!("killed {victim:?}"))?;
        }
        Ok(())
    }
}
