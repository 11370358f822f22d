//! The cache of slots: bounded by weight, and it never evicts a slot that is in use.

use std::sync::Arc;

use super::slot::Slot;

/// A cache entry: a slot and its weight at insertion. The cache requires that an entry's weight
/// does not change while it is cached.
pub(crate) struct CachedSlot<A> {
    pub(crate) slot: Arc<Slot<A>>,
    pub(crate) weight: u64,
}

impl<A> Clone for CachedSlot<A> {
    fn clone(&self) -> Self {
        Self {
            slot: self.slot.clone(),
            weight: self.weight,
        }
    }
}

/// Reports the weight of an entry to the cache.
#[derive(Clone)]
pub(crate) struct SlotWeighter {
    pub(crate) max_weight: u64,
}

impl<A> quick_cache::Weighter<Arc<str>, CachedSlot<A>> for SlotWeighter {
    fn weight(&self, _: &Arc<str>, entry: &CachedSlot<A>) -> u64 {
        entry.weight.min(self.max_weight)
    }
}

/// Prevents the eviction of slots that are in use or have events that are not durable yet: two
/// slots of the same aggregate must never exist.
#[derive(Clone)]
pub(crate) struct InUsePinning;

impl<A> quick_cache::Lifecycle<Arc<str>, CachedSlot<A>> for InUsePinning {
    type RequestState = ();

    fn is_pinned(&self, _: &Arc<str>, entry: &CachedSlot<A>) -> bool {
        Arc::strong_count(&entry.slot) > 1
    }

    fn on_evict(&self, (): &mut (), _: Arc<str>, _: CachedSlot<A>) {}
}

/// The slots by aggregate id.
pub(crate) type SlotCache<A> = quick_cache::sync::Cache<
    Arc<str>,
    CachedSlot<A>,
    SlotWeighter,
    quick_cache::DefaultHashBuilder,
    InUsePinning,
>;
