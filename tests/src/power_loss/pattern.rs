//! Which unsynced changes survive a power loss.

use crate::seed::Rng;

/// The unit in which changes of content are recorded.
pub(super) const PAGE_BYTES: usize = 4096;

/// The unit that a disk writes atomically.
const SECTOR_BYTES: usize = 512;

/// Which unsynced changes survive a power loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LossPattern {
    /// Each survives with this probability, in percent.
    pub(super) keep_percent: u64,
    /// The unit of content that survives or does not: less than a page tears pages.
    pub(super) unit_bytes: usize,
}

impl LossPattern {
    /// Nothing survives that was not synced.
    pub const EVERYTHING: Self = Self {
        keep_percent: 0,
        unit_bytes: PAGE_BYTES,
    };

    /// A random one: everything unsynced is lost, or a part of it in whole pages, or in sectors.
    pub fn random(rng: &mut Rng) -> Self {
        let unit_bytes = *rng.pick(&[PAGE_BYTES, SECTOR_BYTES]);
        let keep_percent = *rng.pick(&[0, 10, 50, 90]);
        Self {
            keep_percent,
            unit_bytes,
        }
    }

    /// Whether one change survives.
    pub(super) fn keeps(&self, rng: &mut Rng) -> bool {
        rng.chance(self.keep_percent)
    }
}
