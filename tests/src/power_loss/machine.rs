//! A `tidings up` with its own servers on a disk that loses power.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use embedded_servers::process::{Signal, send_signal};
use eventually::poll_blocking;

use super::mount::MountedVolume;
use super::pattern::LossPattern;
use super::volume::PowerLoss;
use crate::seed::Rng;
use crate::single_machine::SingleMachine;
use crate::world::Settings;

/// How long killed processes may take to end.
const END_TIMEOUT: Duration = Duration::from_secs(30);

/// How often the processes of a machine are listed until no new one appears.
const MAX_LISTINGS: usize = 20;

/// A machine whose data directory is on such a disk. Dropping it kills its processes.
pub struct PowerLossMachine {
    /// The system that runs on it. Declared before the disk, so that it ends first.
    pub system: SingleMachine,
    /// The disk.
    pub disk: MountedVolume,
}

impl PowerLossMachine {
    /// A machine with an empty disk, on which nothing runs yet.
    pub fn create(settings: &Settings) -> Result<Self> {
        let system = SingleMachine::stopped(settings);
        let data = system.data();
        fs::create_dir_all(&data).with_context(|| data.display().to_string())?;
        let disk = MountedVolume::create(&data)?;
        Ok(Self { system, disk })
    }

    /// Cuts the power of the running machine, and restores it. Nothing runs afterwards.
    pub fn lose_power(&mut self, pattern: LossPattern, rng: &mut Rng) -> Result<PowerLoss> {
        let root = self.system.process_id().context("nothing runs")?;
        let mut killed = BTreeSet::new();
        self.disk.cut_power(|| killed = kill_all(root));
        self.system.kill();
        let ended = poll_blocking(END_TIMEOUT, || killed.iter().all(|pid| has_ended(*pid)));
        ensure!(ended, "processes do not end: {killed:?}");
        self.disk.restore_power(pattern, rng)
    }
}

/// Kills a process with all that it has started, directly or not. They are frozen first, so that
/// none starts another one in the meantime.
fn kill_all(root: u32) -> BTreeSet<u32> {
    let mut found = BTreeSet::from([root]);
    for _ in 0..MAX_LISTINGS {
        for pid in &found {
            // A process may have ended in the meantime.
            let _ = send_signal(*pid, Signal::Stop);
        }
        let all = with_descendants(&found);
        if all == found {
            break;
        }
        found = all;
    }
    for pid in &found {
        let _ = send_signal(*pid, Signal::Kill);
    }
    found
}

fn with_descendants(roots: &BTreeSet<u32>) -> BTreeSet<u32> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let pid = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok());
        if let Some((pid, stat)) = pid.and_then(|pid| Some((pid, ProcessStat::read(pid)?))) {
            children.entry(stat.parent).or_default().push(pid);
        }
    }
    let mut found = roots.clone();
    let mut pending: Vec<u32> = roots.iter().copied().collect();
    while let Some(pid) = pending.pop() {
        for child in children.get(&pid).into_iter().flatten() {
            if found.insert(*child) {
                pending.push(*child);
            }
        }
    }
    found
}

fn has_ended(pid: u32) -> bool {
    // A zombie has closed its files; its parent may never ask for it.
    ProcessStat::read(pid).is_none_or(|stat| stat.is_zombie)
}

/// What the kernel says of a process.
struct ProcessStat {
    is_zombie: bool,
    parent: u32,
}

impl ProcessStat {
    fn read(pid: u32) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name of the program is in parentheses, and may contain some.
        let mut fields = text.rsplit_once(')')?.1.split_whitespace();
        let is_zombie = fields.next()? == "Z";
        let parent = fields.next()?.parse().ok()?;
        Some(Self { is_zombie, parent })
    }
}
