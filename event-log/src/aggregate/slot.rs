//! A slot: the state of one aggregate in the cache.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard};

use crate::append::revision::Revision;

/// The weight of a slot before its aggregate is loaded.
pub(crate) const EMPTY_SLOT_WEIGHT: u64 = 2_048;

/// The cache slot of one aggregate.
pub(crate) struct Slot<A> {
    state: Arc<tokio::sync::Mutex<SlotContent<A>>>,
    /// The revision of the loaded state, readable while the slot is locked.
    revision: Mutex<Option<Arc<Revision>>>,
    /// The weight last reported to the cache.
    reported_weight: AtomicU64,
}

/// The content of a slot: nothing before its aggregate is loaded.
pub(crate) type SlotContent<A> = Option<SlotState<A>>;

/// The loaded state of a locked slot.
pub(crate) type SlotGuard<A> = OwnedMappedMutexGuard<SlotContent<A>, SlotState<A>>;

/// The state of a slot and its revision.
pub(crate) struct SlotState<A> {
    pub(crate) state: A,
    pub(crate) revision: Arc<Revision>,
}

impl<A> Slot<A> {
    pub(crate) fn empty() -> Arc<Self> {
        Arc::new(Self {
            state: Arc::default(),
            revision: Mutex::new(None),
            reported_weight: AtomicU64::new(EMPTY_SLOT_WEIGHT),
        })
    }

    /// Locks the content of the slot.
    pub(crate) async fn lock(&self) -> OwnedMutexGuard<SlotContent<A>> {
        self.state.clone().lock_owned().await
    }

    /// Locks the content of the slot, unless it is locked.
    pub(crate) fn try_lock(&self) -> Option<MutexGuard<'_, SlotContent<A>>> {
        self.state.try_lock().ok()
    }

    /// The revision of the loaded state, even while the slot is locked.
    pub(crate) fn revision(&self) -> Option<Arc<Revision>> {
        self.revision
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn set_revision(&self, revision: Arc<Revision>) {
        *self.revision.lock().unwrap_or_else(PoisonError::into_inner) = Some(revision);
    }

    /// Records the weight of the state if it has grown to more than twice the weight last reported
    /// to the cache. Returns whether it has.
    pub(crate) fn report_weight(&self, weight: u64) -> bool {
        let has_grown = weight > 2 * self.reported_weight.load(Ordering::Relaxed);
        if has_grown {
            self.reported_weight.store(weight, Ordering::Relaxed);
        }
        has_grown
    }
}
