//! The tables of docs/benchmarks/log.md, and the same figures as JSON.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::targets::{Target, TargetTable};

/// Everything that was measured.
pub struct LogReport {
    /// The machine and the servers.
    pub environment: String,
    /// Events in the log.
    pub events: i64,
    /// How many changes of each kind were made to a sealed log; all were found.
    pub tampering: Vec<(&'static str, usize)>,
    /// COPY of all events.
    pub copy: Duration,
    /// Publishing all events from memory.
    pub publish: Duration,
    /// `tidings log export --format jsonl`.
    pub jsonl: Duration,
    /// `tidings log export --format csv`.
    pub csv: Duration,
    /// `tidings log export --format parquet`.
    pub parquet: Duration,
    /// `tidings log verify`.
    pub verify: Duration,
    /// `tidings log replay`.
    pub replay: Duration,
    /// `tidings rebuild`.
    pub rebuild: Duration,
    /// `tidings verify`.
    pub compare: Duration,
}

impl LogReport {
    fn rate(&self, duration: Duration) -> f64 {
        self.events as f64 / duration.as_secs_f64()
    }

    /// The targets.
    pub fn targets(&self) -> [Target; 3] {
        let ratio = |one: Duration, other: Duration| one.as_secs_f64() / other.as_secs_f64();
        [
            Target::at_least(
                "export as JSON Lines, relative to COPY of the same rows",
                ratio(self.copy, self.jsonl),
                0.5,
                "x",
            ),
            Target::at_least(
                "rebuild of all read models",
                self.rate(self.rebuild),
                30_000.0,
                " events/s",
            ),
            Target::at_least(
                "replay, relative to the rate of the broker",
                ratio(self.publish, self.replay),
                0.5,
                "x",
            ),
        ]
    }

    fn rows(&self) -> [(&'static str, Duration); 9] {
        [
            ("COPY, discarded", self.copy),
            ("the broker, from memory", self.publish),
            ("tidings log export --format jsonl", self.jsonl),
            ("tidings log export --format csv", self.csv),
            ("tidings log export --format parquet", self.parquet),
            ("tidings log verify", self.verify),
            ("tidings log replay --speed max", self.replay),
            ("tidings rebuild, with the comparison", self.rebuild),
            ("tidings verify", self.compare),
        ]
    }

    /// The report as one JSON object.
    pub fn json(&self) -> Value {
        let rates: Map<String, Value> = self
            .rows()
            .iter()
            .map(|(name, duration)| ((*name).to_owned(), json!(self.rate(*duration).round())))
            .collect();
        let targets = self.targets().map(|target| {
            json!({
                "name": target.name,
                "measured": target.measured,
                "at_least": target.bound,
            })
        });
        json!({
            "events": self.events,
            "servers": self.environment,
            "events_per_second": rates,
            "targets": targets,
        })
    }
}

impl Display for LogReport {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} events. {}.\n", self.events, self.environment)?;
        for (kind, count) in &self.tampering {
            writeln!(
                f,
                "{count} of {count} {kind} events were found at their positions."
            )?;
        }
        writeln!(f, "\n| command | seconds | events/s |\n|---|---|---|")?;
        for (name, duration) in self.rows() {
            writeln!(
                f,
                "| {name} | {:.1} | {:.0} |",
                duration.as_secs_f64(),
                self.rate(duration)
            )?;
        }
        write!(f, "{}", TargetTable(&self.targets()))
    }
}
