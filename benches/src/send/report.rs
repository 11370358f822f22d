//! The tables of docs/benchmarks/sends.md.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use embedded_servers::EmbeddedServers;

use super::import::ImportRun;
use super::visibility::VisibilityMedians;
use crate::environment;
use crate::load_generator::LoadResult;
use crate::statistics::millis;
use crate::targets::{Target, TargetTable};

/// Everything that was measured.
#[derive(Default)]
pub struct SendReport {
    environment: String,
    /// The route that only parses.
    pub bare: Vec<LoadResult>,
    /// Stock postgres-es with its best pool size.
    pub stock: Vec<LoadResult>,
    /// That pool size.
    pub stock_pool_size: u32,
    /// Tidings with 2,000 conversations.
    pub many: Vec<LoadResult>,
    /// Tidings with one conversation.
    pub hot: Vec<LoadResult>,
    /// The longest lag of the projection after a run.
    pub lag: Duration,
    /// From a send to the sync of the recipient.
    pub visibility: Option<VisibilityReport>,
    /// The number of events, and how long a rebuild took.
    pub rebuild: Option<(i64, Duration)>,
    /// The memory of `tidings up`.
    pub memory: Option<ProgramMemory>,
    /// The large import.
    pub import: Option<ImportRun>,
}

/// From a send to the sync of the recipient.
pub struct VisibilityReport {
    /// On a quiet system.
    pub quiet: VisibilityMedians,
    /// Under a load.
    pub busy: VisibilityMedians,
}

/// Resident memory in KiB.
pub struct ProgramMemory {
    /// After the start.
    pub idle: u64,
    /// The peak during the runs.
    pub peak: u64,
}

impl SendReport {
    /// An empty report for these servers.
    pub fn new(servers: &EmbeddedServers) -> Self {
        Self {
            environment: environment::describe("load generator, service", servers),
            ..Self::default()
        }
    }

    fn targets(&self) -> Vec<Target> {
        let mut targets = self.send_targets();
        if let Some((events, duration)) = self.rebuild {
            let rate = events as f64 / duration.as_secs_f64();
            let name = "rebuild of the read models";
            targets.push(Target::at_least(name, rate, 20_000.0, " events/s"));
        }
        targets.extend(self.memory_targets());
        targets
    }

    fn send_targets(&self) -> Vec<Target> {
        let (many, hot) = (best_rate(&self.many), best_rate(&self.hot));
        let mut targets = Vec::new();
        if !self.stock.is_empty() {
            let (stock, bare) = (best_rate(&self.stock), best_rate(&self.bare));
            let name = "best sends/s, relative to stock postgres-es";
            targets.push(Target::at_least(name, many / stock, 8.0, "x"));
            let name = "best sends/s, relative to the bare route";
            targets.push(Target::at_least(name, many / bare, 0.12, "x"));
        }
        let name = "one hot conversation, relative to 2,000";
        targets.push(Target::at_least(name, hot / many, 0.70, "x"));
        if let Some(visibility) = &self.visibility {
            let ratio = visibility.quiet.ratio();
            let name = "send to visible, relative to the acknowledgement, quiet";
            targets.push(Target::at_most(name, ratio, 4.0, "x"));
            let ratio = visibility.busy.ratio();
            let name = "send to visible, relative to the acknowledgement, under load";
            targets.push(Target::at_most(name, ratio, 4.0, "x"));
        }
        let name = "lag of the projection at the end of a run";
        targets.push(Target::at_most(name, self.lag.as_secs_f64(), 1.0, " s"));
        targets
    }

    fn memory_targets(&self) -> Vec<Target> {
        let megabytes = |kib: u64| kib as f64 / 1024.0;
        let idle = self.memory.as_ref().map(|memory| {
            Target::at_most("`tidings up` idle", megabytes(memory.idle), 120.0, " MB")
        });
        let import = self.import.as_ref().map(|import| {
            let peak = megabytes(import.import_peak.max(import.up_peak));
            let name = "large import, the larger of its two processes";
            Target::at_most(name, peak, 500.0, " MB")
        });
        idle.into_iter().chain(import).collect()
    }

    fn fmt_rates(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| sends/s (p50, p99 ms) | 16 | 64 | 256 | 512 connections |\n|---|---|---|---|---|"
        )?;
        let stock = format!("stock postgres-es, pool of {}", self.stock_pool_size);
        let rows = [
            ("bare axum route", &self.bare),
            (stock.as_str(), &self.stock),
            ("Tidings, 2,000 conversations", &self.many),
            ("Tidings, one conversation", &self.hot),
        ];
        for (name, runs) in rows.into_iter().filter(|(_, runs)| !runs.is_empty()) {
            write!(f, "| {name} ")?;
            for run in runs {
                let (p50, p99) = (millis(run.p50), millis(run.p99));
                write!(f, "| {:.0} ({p50:.1}, {p99:.1}) ", run.rate)?;
            }
            writeln!(f, "|")?;
        }
        Ok(())
    }

    fn fmt_remarks(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(visibility) = &self.visibility {
            for (name, medians) in [
                ("quiet", visibility.quiet),
                ("under 64 connections", visibility.busy),
            ] {
                writeln!(
                    f,
                    "\nSend, {name}: acknowledged after {:?}, visible after {:?} (medians).",
                    medians.acknowledged, medians.visible
                )?;
            }
        }
        if let Some(memory) = &self.memory {
            writeln!(
                f,
                "\n`tidings up` used at most {} MB during these runs.",
                memory.peak / 1024
            )?;
        }
        if let Some(import) = &self.import {
            let seconds = import.duration.as_secs_f64();
            let rate = import.messages as f64 / seconds;
            writeln!(
                f,
                "\nImport of {} messages: {seconds:.0} s ({rate:.0}/s), `import` at most {} MB, \
                 `up` at most {} MB.",
                import.messages,
                import.import_peak / 1024,
                import.up_peak / 1024
            )?;
        }
        Ok(())
    }
}

fn best_rate(runs: &[LoadResult]) -> f64 {
    runs.iter().map(|run| run.rate).fold(0.0, f64::max)
}

impl Display for SendReport {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "On {}. One message per request, kept connections.\n",
            self.environment
        )?;
        self.fmt_rates(f)?;
        write!(f, "{}", TargetTable(&self.targets()))?;
        self.fmt_remarks(f)
    }
}
