//! Load under faults, and the laws that must hold after it.
//!
//! Writers send with one key a message, and send again under the same key while they do not know what
//! came of it. Pollers keep their cursors through everything. Meanwhile something is killed, again
//! and again. At the end every acknowledged send must be exactly once in the log, the mirror, the
//! history and each recipient's feed, in order, and nothing may have appeared behind a served cursor.
//! [`run_index`] does the same to the search index alone.

mod faults;
mod index;
mod load;
mod verdict;

use std::collections::BTreeMap;
use std::fmt;

use anyhow::Result;

use crate::fleet::Fleet;
use crate::seed::Rng;
use crate::world::Settings;

pub use faults::Fault;
pub use index::{Damage, IndexReport, run_index};
pub use load::{Acked, GROUPS, READERS, WRITERS};

/// What one run came to.
#[derive(Debug, Default)]
pub struct Report {
    /// Acknowledged sends.
    pub acked: usize,
    /// Sends whose outcome was unknown at least once.
    pub unknown: usize,
    /// Calls of pollers that failed.
    pub failed_polls: u64,
    /// Entries that pollers were served and that were compared.
    pub entries: usize,
    /// Messages of the mirror that were compared.
    pub mirrored: usize,
    /// How often each fault happened.
    pub faults: BTreeMap<Fault, usize>,
}

/// One run: this many faults at random moments under load, then the verdict.
pub async fn run(rounds: usize, seed: u64) -> Result<Report> {
    let mut fleet = Fleet::start(1, &Settings::default()).await;
    let load = load::Load::start(&fleet, seed).await?;
    let mut report = Report::default();
    let mut rng = Rng::new(seed);
    for round in 0..rounds {
        let fault = faults::strike(&mut fleet, &load, &mut rng, round).await?;
        *report.faults.entry(fault).or_default() += 1;
        eprintln!(
            "round {:>3}: {fault:?}; {} sends acknowledged",
            round + 1,
            load.acked()
        );
    }
    let done = load.stop().await?;
    verdict::judge(&fleet, done, &mut report).await?;
    Ok(report)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "acknowledged sends            {}", self.acked)?;
        writeln!(f, "unknown at least once         {}", self.unknown)?;
        writeln!(f, "failed polls                  {}", self.failed_polls)?;
        writeln!(f, "polled entries compared       {}", self.entries)?;
        writeln!(f, "mirrored events compared      {}", self.mirrored)?;
        for (fault, times) in &self.faults {
            writeln!(f, "{:<29} {times}", format!("{fault:?}"))?;
        }
        Ok(())
    }
}
