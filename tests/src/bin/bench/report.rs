//! The table, ready for BENCHMARKS.md.

use std::fmt;
use std::time::Duration;

use embedded_servers::EmbeddedServers;

use crate::visible::Medians;
use tests::load_generator::LoadResult;

/// Everything that was measured.
#[derive(Default)]
pub struct Report {
    servers: String,
    /// The route that only parses.
    pub bare: Vec<LoadResult>,
    /// Stock postgres-es at its best pool size.
    pub stock: Vec<LoadResult>,
    /// That size.
    pub stock_pool: u32,
    /// Tidings over 2,000 conversations.
    pub many: Vec<LoadResult>,
    /// Tidings in one conversation.
    pub hot: Vec<LoadResult>,
    /// The longest that the projection was behind after a run.
    pub lag: Duration,
    /// From send to sync.
    pub visible: Option<Visible>,
    /// Events, and how long rebuilding took.
    pub rebuild: Option<(i64, Duration)>,
    /// Of `tidings up`.
    pub memory: Option<Memory>,
    /// The large import.
    pub import: Option<Import>,
}

/// From send to sync.
pub struct Visible {
    /// With nothing else going on.
    pub quiet: Medians,
    /// Beside a load.
    pub busy: Medians,
}

/// Resident memory in KiB.
pub struct Memory {
    /// After the start.
    pub idle: u64,
    /// The most during the runs.
    pub busy: u64,
}

/// The large import; memory in KiB.
pub struct Import {
    /// How many messages.
    pub messages: usize,
    /// How long it took.
    pub time: Duration,
    /// The most that `tidings import` took.
    pub import: u64,
    /// The most that `tidings up` took meanwhile.
    pub up: u64,
}

/// A figure with the bound that it must keep.
struct Floor {
    what: &'static str,
    measured: f64,
    bound: f64,
    at_least: bool,
    unit: &'static str,
}

impl Report {
    /// An empty one, that knows what it was measured on.
    pub fn new(servers: &EmbeddedServers) -> Self {
        let name = |program: &Option<embedded_servers::find::ServerProgram>| {
            program
                .as_ref()
                .map_or_else(String::new, |program| program.version.to_string())
        };
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let servers = format!(
            "{cores} cores shared by load generator, service, Postgres {} (fsync on) and nats-server {}",
            name(&servers.postgres),
            name(&servers.nats)
        );
        Self {
            servers,
            ..Self::default()
        }
    }

    fn floors(&self) -> Vec<Floor> {
        let (many, hot) = (best(&self.many), best(&self.hot));
        let mut floors = Vec::new();
        let mut add = |what, measured: f64, bound, at_least, unit| {
            floors.push(Floor {
                what,
                measured,
                bound,
                at_least,
                unit,
            });
        };
        if !self.stock.is_empty() {
            add(
                "best sends/s against stock postgres-es",
                many / best(&self.stock),
                8.0,
                true,
                "x",
            );
            add(
                "best sends/s against the bare route",
                many / best(&self.bare),
                0.12,
                true,
                "x",
            );
        }
        add(
            "one hot conversation against 2,000",
            hot / many,
            0.70,
            true,
            "x",
        );
        if let Some(visible) = &self.visible {
            add(
                "send to visible against acknowledgement, quiet",
                visible.quiet.ratio(),
                4.0,
                false,
                "x",
            );
            add(
                "send to visible against acknowledgement, under load",
                visible.busy.ratio(),
                4.0,
                false,
                "x",
            );
        }
        add(
            "projection behind at the end of a run",
            self.lag.as_secs_f64(),
            1.0,
            false,
            " s",
        );
        if let Some((events, time)) = self.rebuild {
            add(
                "rebuild of the read models",
                events as f64 / time.as_secs_f64(),
                20_000.0,
                true,
                " events/s",
            );
        }
        if let Some(memory) = &self.memory {
            add(
                "`tidings up` idle",
                memory.idle as f64 / 1024.0,
                120.0,
                false,
                " MB",
            );
        }
        if let Some(import) = &self.import {
            let most = import.import.max(import.up) as f64 / 1024.0;
            add(
                "a large import, the larger of its two processes",
                most,
                500.0,
                false,
                " MB",
            );
        }
        floors
    }
}

impl Medians {
    fn ratio(self) -> f64 {
        self.visible.as_secs_f64() / self.acked.as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

fn best(runs: &[LoadResult]) -> f64 {
    runs.iter().map(|run| run.rate).fold(0.0, f64::max)
}

impl Floor {
    fn holds(&self) -> bool {
        if self.at_least {
            self.measured >= self.bound
        } else {
            self.measured <= self.bound
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "On {}. One message a request, kept connections.\n",
            self.servers
        )?;
        writeln!(
            f,
            "| sends/s (p50, p99 ms) | 16 | 64 | 256 | 512 connections |\n|---|---|---|---|---|"
        )?;
        let stock = format!("stock postgres-es, pool of {}", self.stock_pool);
        let rows = [
            ("bare axum route", &self.bare),
            (stock.as_str(), &self.stock),
            ("Tidings, 2,000 conversations", &self.many),
            ("Tidings, one conversation", &self.hot),
        ];
        for (name, runs) in rows.into_iter().filter(|(_, runs)| !runs.is_empty()) {
            write!(f, "| {name} ")?;
            for run in runs {
                let millis = |time: Duration| time.as_secs_f64() * 1e3;
                write!(
                    f,
                    "| {:.0} ({:.1}, {:.1}) ",
                    run.rate,
                    millis(run.p50),
                    millis(run.p99)
                )?;
            }
            writeln!(f, "|")?;
        }
        writeln!(
            f,
            "\n| what must hold | measured | bound | |\n|---|---|---|---|"
        )?;
        for floor in self.floors() {
            let sign = if floor.at_least {
                "at least"
            } else {
                "at most"
            };
            let verdict = if floor.holds() { "holds" } else { "**missed**" };
            let Floor {
                what,
                measured,
                bound,
                unit,
                ..
            } = floor;
            writeln!(
                f,
                "| {what} | {measured:.2}{unit} | {sign} {bound}{unit} | {verdict} |"
            )?;
        }
        self.remarks(f)
    }
}

impl Report {
    fn remarks(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(visible) = &self.visible {
            for (name, medians) in [
                ("quiet", visible.quiet),
                ("beside 64 connections", visible.busy),
            ] {
                writeln!(
                    f,
                    "\nSend, {name}: acknowledged after {:?}, visible after {:?} (medians).",
                    medians.acked, medians.visible
                )?;
            }
        }
        if let Some(memory) = &self.memory {
            writeln!(
                f,
                "\n`tidings up` took {} MB at most during these runs.",
                memory.busy / 1024
            )?;
        }
        if let Some(import) = &self.import {
            let rate = import.messages as f64 / import.time.as_secs_f64();
            writeln!(
                f,
                "\nImport of {} messages: {:.0} s ({rate:.0}/s), `import` at most {} MB, `up` at most {} MB.",
                import.messages,
                import.time.as_secs_f64(),
                import.import / 1024,
                import.up / 1024
            )?;
        }
        Ok(())
    }
}
