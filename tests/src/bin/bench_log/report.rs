//! The table.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

/// What was measured.
pub struct Report {
    pub servers: String,
    pub events: i64,
    /// How many manipulations of which kind were planted, and found where they were.
    pub planted: Vec<(&'static str, usize)>,
    pub copy: Duration,
    pub publish: Duration,
    pub jsonl: Duration,
    pub csv: Duration,
    pub parquet: Duration,
    pub verify: Duration,
    pub replay: Duration,
    pub rebuild: Duration,
    pub compare: Duration,
}

/// Which servers.
pub struct Servers<'a>(pub &'a embedded_servers::EmbeddedServers);

impl fmt::Display for Servers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = |program: &Option<embedded_servers::find::ServerProgram>| {
            program
                .as_ref()
                .map_or_else(String::new, |it| it.version.to_string())
        };
        let (postgres, nats) = (version(&self.0.postgres), version(&self.0.nats));
        write!(f, "Postgres {postgres} (fsync on), nats-server {nats}")
    }
}

struct Target {
    name: &'static str,
    measured: f64,
    at_least: f64,
    unit: &'static str,
}

impl Report {
    fn rate(&self, took: Duration) -> f64 {
        self.events as f64 / took.as_secs_f64()
    }

    fn targets(&self) -> [Target; 3] {
        let target = |name, measured, at_least, unit| Target {
            name,
            measured,
            at_least,
            unit,
        };
        [
            target(
                "export to JSON lines against COPY of the same rows",
                self.copy.as_secs_f64() / self.jsonl.as_secs_f64(),
                0.5,
                "x",
            ),
            target(
                "rebuild of all read models",
                self.rate(self.rebuild),
                30_000.0,
                " events/s",
            ),
            target(
                "replay against the broker's own rate",
                self.publish.as_secs_f64() / self.replay.as_secs_f64(),
                0.5,
                "x",
            ),
        ]
    }

    fn rows(&self) -> [(&'static str, Duration); 9] {
        [
            ("COPY to nowhere", self.copy),
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

    /// Whether every target is met.
    pub fn holds(&self) -> bool {
        self.targets().iter().all(|it| it.measured >= it.at_least)
    }

    /// All of it.
    pub fn json(&self) -> Value {
        let rates: Value = self
            .rows()
            .iter()
            .map(|(name, took)| ((*name).to_owned(), json!(self.rate(*took).round())))
            .collect::<serde_json::Map<_, _>>()
            .into();
        let targets: Vec<Value> = self
            .targets()
            .iter()
            .map(|it| json!({ "name": it.name, "measured": it.measured, "at_least": it.at_least }))
            .collect();
        json!({ "events": self.events, "servers": self.servers, "events_per_second": rates, "targets": targets })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} events, {}.\n", self.events, self.servers)?;
        for (kind, count) in &self.planted {
            writeln!(
                f,
                "{count} of {count} {kind} events were found where they are."
            )?;
        }
        writeln!(f, "\n| what | seconds | events/s |\n|---|---|---|")?;
        for (name, took) in self.rows() {
            writeln!(
                f,
                "| {name} | {:.1} | {:.0} |",
                took.as_secs_f64(),
                self.rate(took)
            )?;
        }
        writeln!(
            f,
            "\n| what must hold | measured | at least | |\n|---|---|---|---|"
        )?;
        for Target {
            name,
            measured,
            at_least,
            unit,
        } in self.targets()
        {
            let verdict = if measured >= at_least {
                "met"
            } else {
                "**missed**"
            };
            let digits = if at_least > 100.0 { 0 } else { 2 };
            writeln!(
                f,
                "| {name} | {measured:.digits$}{unit} | {at_least}{unit} | {verdict} |"
            )?;
        }
        Ok(())
    }
}
