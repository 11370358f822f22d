//! The rulebook that counts now. The task that follows the log replaces it; all others read it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use domain::deployment::feature::Feature;

use crate::rulebook::Rulebook;

/// What a process sheds under load, in this order. Sends are never shed.
const SHED_ORDER: [Feature; 3] = [Feature::Typing, Feature::Presence, Feature::Receipts];

/// The current rulebook of a process, and the features that it sheds because it is overloaded.
/// Cheap to clone; all clones share it. It is empty until the log has been read.
#[derive(Debug, Clone, Default)]
pub struct LiveRulebook(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    rulebook: RwLock<Arc<Rulebook>>,
    shed: AtomicUsize,
}

impl LiveRulebook {
    /// The rulebook that counts now.
    pub fn current(&self) -> Arc<Rulebook> {
        self.0
            .rulebook
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Replaces the rulebook.
    pub fn replace(&self, rulebook: Rulebook) {
        let mut current = self
            .0
            .rulebook
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(rulebook);
    }

    /// Sheds this many features, in their order; 0 for none.
    pub fn set_shed(&self, count: usize) {
        self.0
            .shed
            .store(count.min(SHED_ORDER.len()), Ordering::Relaxed);
    }

    /// The features that are shed now.
    pub fn shed(&self) -> &'static [Feature] {
        SHED_ORDER
            .get(..self.0.shed.load(Ordering::Relaxed))
            .unwrap_or(&SHED_ORDER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_shed_in_their_order() {
        let live = LiveRulebook::default();
        let other = live.clone();
        for count in 0..5 {
            live.set_shed(count);
            assert_eq!(other.shed(), &SHED_ORDER[..count.min(3)]);
        }
    }
}
