//! The results of a run.

use std::fmt;

use super::compare::DeviceCounts;
use super::faults::FaultInjector;

/// The results of one run.
#[derive(Debug, Default)]
pub struct SoakReport {
    /// The number of users.
    pub clients: usize,
    /// The number of devices of all users.
    pub devices: usize,
    /// Acknowledged sends.
    pub sends: usize,
    /// Commands whose outcome is known.
    pub commands: usize,
    /// How many of them were refused.
    pub refused: usize,
    /// How many of them had an unknown outcome at least once.
    pub unknown: usize,
    /// Events in the log.
    pub events: usize,
    /// Entries that sync returned, for all users.
    pub sync_entries: usize,
    /// What all devices have received.
    pub received: DeviceCounts,
    /// Connections.
    pub connections: usize,
    /// Connections that stayed open while the device opened another one.
    pub overlapping: usize,
    /// Connections that the server closed because the same device had connected again.
    pub replaced: usize,
    /// Connections that broke.
    pub broken: usize,
    /// How often a device stopped reading for a while.
    pub stalls: usize,
    /// The kills, and what the query APIs counted.
    pub faults: FaultInjector,
    /// Users whose unread counts were compared.
    pub badges: usize,
    /// The number of mismatches. It is 0 in every report, because a mismatch is an error.
    pub mismatches: usize,
}

impl SoakReport {
    /// Adds what one device has received.
    pub fn add_counts(&mut self, counts: &DeviceCounts) {
        self.received.entries += counts.entries;
        self.received.distinct += counts.distinct;
        self.received.redeliveries += counts.redeliveries;
        self.received.redelivered += counts.redelivered;
        self.received.skipped += counts.skipped;
    }
}

impl fmt::Display for SoakReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DeviceCounts {
            entries,
            distinct: different,
            redeliveries: repushes,
            redelivered: repushed,
            skipped: passed_over,
        } = self.received;
        let lines = [
            ("clients", self.clients),
            ("devices", self.devices),
            ("acknowledged sends", self.sends),
            ("commands", self.commands),
            ("refused", self.refused),
            ("unknown at least once", self.unknown),
            ("events", self.events),
            ("entries of sync", self.sync_entries),
            ("entries received by devices", entries),
            ("distinct entries", different),
            ("redeliveries", repushes),
            ("redelivered entries", repushed),
            ("skipped while not a member", passed_over),
            ("connections", self.connections),
            ("overlapping connections", self.overlapping),
            ("replaced by the same device", self.replaced),
            ("broken", self.broken),
            ("stalls", self.stalls),
            ("closed as too slow", self.faults.slow_connections),
            ("batches pushed by projector", self.faults.pushed_batches),
            ("unread counts compared", self.badges),
            ("mismatches", self.mismatches),
        ];
        for (what, count) in lines {
            writeln!(f, "{what:<29} {count}")?;
        }
        for (victim, times) in &self.faults.kills {
            writeln!(f, "{:<29} {times}", format!("killed {victim:?}"))?;
        }
        Ok(())
    }
}
