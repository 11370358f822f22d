//! The cache that the slots are in: bounded by weight, and it never throws out what is in use.

use std::sync::Arc;

use crate::store::Slot;

/// A slot as the cache holds it, with the weight that the cache was told: the cache relies on a
/// weight that does not change while the slot is in it.
pub(crate) struct Kept<A> {
    pub(crate) slot: Arc<Slot<A>>,
    pub(crate) weight: u64,
}

impl<A> Clone for Kept<A> {
    fn clone(&self) -> Self {
        Self {
            slot: self.slot.clone(),
            weight: self.weight,
        }
    }
}

/// Tells the cache what a slot weighs.
#[derive(Clone)]
pub(crate) struct Weighs {
    pub(crate) heaviest: u64,
}

impl<A> quick_cache::Weighter<Arc<str>, Kept<A>> for Weighs {
    fn weight(&self, _: &Arc<str>, kept: &Kept<A>) -> u64 {
        kept.weight.min(self.heaviest)
    }
}

/// Slots that somebody uses, or whose events are not durable yet, are not thrown out: a second
/// slot of the same aggregate must never exist.
#[derive(Clone)]
pub(crate) struct KeepsUsed;

impl<A> quick_cache::Lifecycle<Arc<str>, Kept<A>> for KeepsUsed {
    type RequestState = ();

    fn is_pinned(&self, _: &Arc<str>, kept: &Kept<A>) -> bool {
        Arc::strong_count(&kept.slot) > 1
    }

    fn on_evict(&self, (): &mut (), _: Arc<str>, _: Kept<A>) {}
}

/// See the module.
pub(crate) type Cache<A> =
    quick_cache::sync::Cache<Arc<str>, Kept<A>, Weighs, quick_cache::DefaultHashBuilder, KeepsUsed>;
