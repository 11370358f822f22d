//! The tables of docs/benchmarks/live.md, and the same figures as JSON.

use std::fmt::{self, Display, Formatter};

use embedded_servers::EmbeddedServers;
use serde_json::{Value, json};

use super::delay::{DelayAtThird, DeliveryDelay};
use super::groups::GroupRates;
use super::idle::IdleCost;
use super::large::LargeGroupCost;
use crate::environment;
use crate::targets::{Target, TargetTable};

/// Everything that was measured. Parts that did not run are missing.
#[derive(Default)]
pub struct LiveReport {
    environment: String,
    /// From the send to the WebSocket.
    pub delay: Option<DeliveryDelay>,
    /// Deliveries per second.
    pub groups: Vec<GroupRates>,
    /// Idle connections.
    pub idle: Option<IdleCost>,
    /// The large group.
    pub large: Option<LargeGroupCost>,
}

impl LiveReport {
    /// An empty report for these servers.
    pub fn new(servers: &EmbeddedServers) -> Self {
        Self {
            environment: environment::describe("senders, listeners, service", servers),
            ..Self::default()
        }
    }

    /// The targets of all parts that ran.
    pub fn targets(&self) -> Vec<Target> {
        let mut targets = Vec::new();
        if let Some(delay) = &self.delay {
            targets.extend(delay_targets(delay));
        }
        if let Some(idle) = &self.idle {
            let name = "resident memory per idle WebSocket";
            targets.push(Target::at_most(name, idle.kib_per_connection, 20.0, " KiB"));
            let name = "delay with 10,000 connected, relative to ten, median";
            let ratio = idle.many.p50 / idle.few.p50;
            targets.push(Target::at_most(name, ratio, 1.25, "x"));
        }
        if let Some(large) = &self.large {
            let [large, smaller] = large.writes;
            let name = "rows written per send, 10,000 members relative to 600";
            targets.push(Target::at_most(name, large.rows / smaller.rows, 1.1, "x"));
            let name = "WAL written per send, 10,000 members relative to 600";
            targets.push(Target::at_most(name, large.wal / smaller.wal, 1.1, "x"));
        }
        targets
    }

    /// The report as one JSON object.
    pub fn json(&self) -> Value {
        json!({
            "on": self.environment,
            "delay": self.delay.as_ref().map(delay_json),
            "groups": self.groups.iter().map(|group| json!({
                "members": group.members,
                "sends_per_second": group.sends,
                "deliveries_per_second": group.deliveries,
            })).collect::<Vec<_>>(),
            "idle": self.idle.as_ref().map(|idle| json!({
                "connections": idle.connections,
                "kib_each": idle.kib_per_connection,
                "received_ms_with_ten": idle.few,
                "received_ms_with_all": idle.many,
            })),
            "large_group": self.large.as_ref().map(|large| json!({
                "first_ms": large.first,
                "last_ms": large.last,
                "rows_a_send": large.writes.map(|writes| writes.rows),
                "wal_bytes_a_send": large.writes.map(|writes| writes.wal),
            })),
            "targets": self.targets().iter().map(|target| json!({
                "what": target.name,
                "measured": target.measured,
                "most": target.bound,
                "met": target.is_met(),
            })).collect::<Vec<_>>(),
        })
    }

    fn fmt_times(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "| time | p50, p99 |\n|---|---|")?;
        if let Some(delay) = &self.delay {
            for (load, who) in [
                (&delay.everybody_connected, "everybody"),
                (&delay.nobody_connected, "nobody"),
            ] {
                writeln!(
                    f,
                    "| send to acknowledgement, at {:.0} of the {:.0} sends/s with {who} connected | {} |\n\
                     | send to the WebSocket of the recipient, at the same rate | {} |",
                    load.rate, load.best_rate, load.acknowledged, load.received
                )?;
            }
        }
        if let Some(idle) = &self.idle {
            writeln!(
                f,
                "| send to WebSocket, ten connected | {} |\n| send to WebSocket, {} connected | {} |",
                idle.few, idle.connections, idle.many
            )?;
        }
        if let Some(large) = &self.large {
            writeln!(
                f,
                "| send in a group of 10,000 to the first of 1,000 online | {} |\n\
                 | send in a group of 10,000 to the last of 1,000 online | {} |",
                large.first, large.last
            )?;
        }
        Ok(())
    }

    fn fmt_groups(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if !self.groups.is_empty() {
            writeln!(
                f,
                "\n| everybody connected, groups of | deliveries/s | sends/s |\n|---|---|---|"
            )?;
        }
        for group in &self.groups {
            writeln!(
                f,
                "| {} | {:.0} | {:.0} |",
                group.members, group.deliveries, group.sends
            )?;
        }
        if let Some(large) = &self.large {
            writeln!(
                f,
                "\n| a send in a group of | rows written | WAL bytes |\n|---|---|---|"
            )?;
            for (members, writes) in ["10,000", "600"].iter().zip(&large.writes) {
                writeln!(f, "| {members} | {:.1} | {:.0} |", writes.rows, writes.wal)?;
            }
        }
        Ok(())
    }
}

fn delay_targets(delay: &DeliveryDelay) -> [Target; 4] {
    let ratios = |load: &DelayAtThird| {
        let (received, acknowledged) = (load.received, load.acknowledged);
        [
            received.p50 / acknowledged.p50,
            received.p99 / acknowledged.p99,
        ]
    };
    let [median, p99] = ratios(&delay.everybody_connected);
    let [quiet_median, quiet_p99] = ratios(&delay.nobody_connected);
    let target = |name, ratio, bound| Target::at_most(name, ratio, bound, "x");
    [
        target("received, relative to acknowledged, median", median, 2.5),
        target("received, relative to acknowledged, p99", p99, 5.0),
        target(
            "the same at a third of the rate with nobody connected, median",
            quiet_median,
            2.5,
        ),
        target(
            "the same at a third of the rate with nobody connected, p99",
            quiet_p99,
            5.0,
        ),
    ]
}

fn delay_json(delay: &DeliveryDelay) -> Value {
    let loads = [&delay.everybody_connected, &delay.nobody_connected].map(|load| {
        json!({
            "best_sends_per_second": load.best_rate,
            "sends_per_second": load.rate,
            "acknowledged_ms": load.acknowledged,
            "received_ms": load.received,
        })
    });
    json!(loads)
}

impl Display for LiveReport {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "On {}.\n", self.environment)?;
        self.fmt_times(f)?;
        self.fmt_groups(f)?;
        write!(f, "{}", TargetTable(&self.targets()))
    }
}
