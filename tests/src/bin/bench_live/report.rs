//! The table, ready for BENCHMARKS.md, and the same as JSON.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use serde_json::{Value, json};
use embedded_servers::EmbeddedServers;

use crate::delay::{Delay, Third};
use crate::groups::Group;
use crate::idle::Idle;
use crate::large::Large;

/// How long something took, in milliseconds.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct Times {
    /// Half of them.
    pub p50: f64,
    /// 99 of 100.
    pub p99: f64,
}

impl Times {
    /// Of at least one.
    pub fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let last = times.len().saturating_sub(1) as f64;
        let at = |share: f64| {
            let time = times.get((last * share) as usize).copied();
            time.unwrap_or_default().as_secs_f64() * 1e3
        };
        Self {
            p50: at(0.5),
            p99: at(0.99),
        }
    }
}

impl Display for Times {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} ms, {:.1} ms", self.p50, self.p99)
    }
}

/// Everything that was measured; what was left out is missing.
#[derive(Default)]
pub struct Report {
    /// What it ran on.
    pub servers: String,
    /// From the send to the WebSocket.
    pub delay: Option<Delay>,
    /// Deliveries a second.
    pub groups: Vec<Group>,
    /// Idle connections.
    pub idle: Option<Idle>,
    /// The large group.
    pub large: Option<Large>,
}

/// A figure and the most that it may be.
struct Target {
    what: &'static str,
    measured: f64,
    most: f64,
    unit: &'static str,
}

impl Target {
    fn is_met(&self) -> bool {
        self.measured <= self.most
    }
}

impl Report {
    /// An empty one, that knows what it is measured on.
    pub fn new(servers: &EmbeddedServers) -> Self {
        let name = |program: &Option<embedded_servers::find::ServerProgram>| {
            let version = program.as_ref().map(|program| program.version.to_string());
            version.unwrap_or_default()
        };
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        Self {
            servers: format!(
                "{cores} cores shared by senders, listeners, service, Postgres {} (fsync on) and nats-server {}",
                name(&servers.postgres),
                name(&servers.nats)
            ),
            ..Self::default()
        }
    }

    /// Whether every target that was measured is met.
    pub fn holds(&self) -> bool {
        self.targets().iter().all(Target::is_met)
    }

    fn targets(&self) -> Vec<Target> {
        let mut targets = Vec::new();
        let mut at_most = |what, measured, most, unit| {
            targets.push(Target {
                what,
                measured,
                most,
                unit,
            });
        };
        if let Some(delay) = &self.delay {
            let ratios = |third: &Third| {
                let (received, acknowledged) = (third.received, third.acknowledged);
                [
                    received.p50 / acknowledged.p50,
                    received.p99 / acknowledged.p99,
                ]
            };
            let [median, p99] = ratios(&delay.heard);
            at_most("received against acknowledged, median", median, 2.5, "x");
            at_most("received against acknowledged, p99", p99, 5.0, "x");
            let [median, p99] = ratios(&delay.unheard);
            let what = "the same at a third of the rate with nobody connected, median";
            at_most(what, median, 2.5, "x");
            let what = "the same at a third of the rate with nobody connected, p99";
            at_most(what, p99, 5.0, "x");
        }
        if let Some(idle) = &self.idle {
            at_most("resident for an idle WebSocket", idle.each, 20.0, " KiB");
            let slower = idle.many.p50 / idle.few.p50;
            at_most(
                "received with 10,000 connected against ten, median",
                slower,
                1.25,
                "x",
            );
        }
        if let Some(large) = &self.large {
            let [large, smaller] = large.writes;
            let rows = large.rows / smaller.rows;
            at_most(
                "rows written for a send, 10,000 members against 600",
                rows,
                1.1,
                "x",
            );
            let wal = large.wal / smaller.wal;
            at_most(
                "WAL written for a send, 10,000 members against 600",
                wal,
                1.1,
                "x",
            );
        }
        targets
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let targets = self.targets();
        json!({
            "on": self.servers,
            "delay": self.delay.as_ref().map(|it| [&it.heard, &it.unheard].map(|it| json!({
                "best_sends_per_second": it.best, "sends_per_second": it.rate,
                "acknowledged_ms": it.acknowledged, "received_ms": it.received,
            }))),
            "groups": self.groups.iter().map(|it| json!({
                "members": it.members, "sends_per_second": it.sends, "deliveries_per_second": it.deliveries,
            })).collect::<Vec<_>>(),
            "idle": self.idle.as_ref().map(|it| json!({
                "connections": it.connections, "kib_each": it.each,
                "received_ms_with_ten": it.few, "received_ms_with_all": it.many,
            })),
            "large_group": self.large.as_ref().map(|it| json!({
                "first_ms": it.first, "last_ms": it.last,
                "rows_a_send": it.writes.map(|it| it.rows), "wal_bytes_a_send": it.writes.map(|it| it.wal),
            })),
            "targets": targets.iter().map(|it| json!({
                "what": it.what, "measured": it.measured, "most": it.most, "met": it.is_met(),
            })).collect::<Vec<_>>(),
        })
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "On {}.\n\n| what | p50, p99 |\n|---|---|", self.servers)?;
        if let Some(delay) = &self.delay {
            for (third, who) in [(&delay.heard, "everybody"), (&delay.unheard, "nobody")] {
                let Third {
                    best,
                    rate,
                    acknowledged,
                    received,
                } = third;
                writeln!(
                    f,
                    "| send to acknowledgement, at {rate:.0} of the {best:.0} sends/s with {who} connected | {acknowledged} |"
                )?;
                writeln!(
                    f,
                    "| send to the recipient's WebSocket, meanwhile | {received} |"
                )?;
            }
        }
        if let Some(idle) = &self.idle {
            writeln!(f, "| send to WebSocket, ten connected | {} |", idle.few)?;
            writeln!(
                f,
                "| send to WebSocket, {} connected | {} |",
                idle.connections, idle.many
            )?;
        }
        if let Some(large) = &self.large {
            writeln!(
                f,
                "| send in a group of 10,000 to the first of 1,000 online | {} |",
                large.first
            )?;
            writeln!(f, "| and to the last of them | {} |", large.last)?;
        }
        if !self.groups.is_empty() {
            writeln!(
                f,
                "\n| everybody connected, groups of | deliveries/s | sends/s |\n|---|---|---|"
            )?;
            for group in &self.groups {
                writeln!(
                    f,
                    "| {} | {:.0} | {:.0} |",
                    group.members, group.deliveries, group.sends
                )?;
            }
        }
        if let Some(large) = &self.large {
            let [ten_thousand, six_hundred] = large.writes;
            writeln!(
                f,
                "\n| a send in a group of | rows written | WAL bytes |\n|---|---|---|"
            )?;
            for (members, writes) in [("10,000", ten_thousand), ("600", six_hundred)] {
                writeln!(f, "| {members} | {:.1} | {:.0} |", writes.rows, writes.wal)?;
            }
        }
        writeln!(
            f,
            "\n| what must hold | measured | at most | |\n|---|---|---|---|"
        )?;
        for target in self.targets() {
            let verdict = if target.is_met() { "met" } else { "**missed**" };
            let Target {
                what,
                measured,
                most,
                unit,
            } = target;
            writeln!(
                f,
                "| {what} | {measured:.2}{unit} | {most}{unit} | {verdict} |"
            )?;
        }
        Ok(())
    }
}
