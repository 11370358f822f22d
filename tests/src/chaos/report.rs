//! The results of a run.

use std::collections::BTreeMap;
use std::fmt;

use super::faults::Fault;

/// The results of one run.
#[derive(Debug, Default)]
pub struct ChaosReport {
    /// Acknowledged sends.
    pub acked: usize,
    /// Sends whose outcome was unknown at least once.
    pub unknown: usize,
    /// Failed calls of pollers.
    pub failed_polls: u64,
    /// Entries that pollers received and that were compared.
    pub entries: usize,
    /// Messages of the mirror that were compared with the log.
    pub mirrored: usize,
    /// How often each fault was injected.
    pub faults: BTreeMap<Fault, usize>,
}

impl fmt::Display for ChaosReport {
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
