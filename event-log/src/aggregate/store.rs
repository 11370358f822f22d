//! The aggregate store: the newest state of every warm aggregate.
//!
//! The state in a slot may be ahead of the disk: events are applied when they are queued, so that
//! the next command on the same aggregate can be decided immediately and joins the same commit. If
//! a commit fails, the slots in it are invalidated and reloaded.

use std::convert::Infallible;
use std::sync::Arc;

use domain::envelope::{AggregateKind, Envelope};
use domain::event::EventFamily;
use sqlx::PgPool;
use tokio::sync::OwnedMutexGuard;

use super::cache::{CachedSlot, InUsePinning, SlotCache, SlotWeighter};
use super::cached_aggregate::CachedAggregate;
use super::load;
use super::logged_event::LoggedEvent;
use super::slot::{EMPTY_SLOT_WEIGHT, Slot, SlotGuard, SlotState};
use super::snapshot::SnapshotWriter;
use crate::append::external_events::ExternalEventSink;
use crate::append::queue::AppendQueue;
use crate::append::request::Observation;
use crate::append::revision::Revision;
use crate::error::LogError;

/// How often a slot is loaded in a row before the command becomes a conflict.
const MAX_LOAD_ATTEMPTS: usize = 4;

/// The cache rejects entries that are heavier than a shard, and a slot in use must never be
/// rejected: the reported weight of a slot is capped at the capacity divided by this.
const MAX_WEIGHT_DIVISOR: u64 = 256;

/// The store of all aggregates of one kind.
pub struct AggregateStore<A: CachedAggregate> {
    pub(crate) pool: PgPool,
    pub(crate) queue: Arc<AppendQueue>,
    pub(crate) snapshots: Arc<SnapshotWriter>,
    cache: SlotCache<A>,
}

impl<A: CachedAggregate> AggregateStore<A> {
    pub(crate) fn new(
        pool: PgPool,
        queue: Arc<AppendQueue>,
        snapshots: Arc<SnapshotWriter>,
        cache_bytes: u64,
    ) -> Arc<Self> {
        let items = usize::try_from(cache_bytes / EMPTY_SLOT_WEIGHT)
            .unwrap_or(usize::MAX)
            .max(1_024);
        let weighter = SlotWeighter {
            max_weight: cache_bytes / MAX_WEIGHT_DIVISOR,
        };
        let hash = quick_cache::DefaultHashBuilder::default();
        let cache = SlotCache::with(items, cache_bytes, weighter, hash, InUsePinning);
        Arc::new(Self {
            pool,
            queue,
            snapshots,
            cache,
        })
    }

    /// The approximate size of the cached states, in bytes.
    pub fn cached_bytes(&self) -> u64 {
        self.cache.weight()
    }

    /// Reads the newest state of an aggregate. A decision that relies on it must carry the
    /// observation.
    pub async fn peek<T>(
        &self,
        id: &str,
        read: impl FnOnce(&A) -> T,
    ) -> Result<(T, Observation), LogError> {
        let slot = self.get_or_insert_slot(id);
        let loaded = self.lock_slot(id, &slot).await?;
        let observation = Observation {
            revision: loaded.revision.clone(),
            sequence: loaded.revision.sequence(),
        };
        Ok((read(&loaded.state), observation))
    }

    pub(super) fn get_or_insert_slot(&self, id: &str) -> Arc<Slot<A>> {
        if let Some(entry) = self.cache.get(id) {
            return entry.slot;
        }
        let fill = || {
            Ok::<_, Infallible>(CachedSlot {
                slot: Slot::empty(),
                weight: EMPTY_SLOT_WEIGHT,
            })
        };
        match self.cache.get_or_insert_with(&Arc::from(id), fill) {
            Ok(entry) => entry.slot,
            Err(never) => match never {},
        }
    }

    /// Locks a slot and loads its aggregate unless the state is valid.
    pub(super) async fn lock_slot(
        &self,
        id: &str,
        slot: &Arc<Slot<A>>,
    ) -> Result<SlotGuard<A>, LogError> {
        let mut content = slot.lock().await;
        // An append by another process during the load invalidates it; then the aggregate is loaded
        // again. A decision on a state that is still invalid becomes a conflict.
        for _ in 0..MAX_LOAD_ATTEMPTS {
            if content
                .as_ref()
                .is_some_and(|loaded| !loaded.revision.is_invalid())
            {
                break;
            }
            *content = None;
            let revision = Revision::unknown();
            slot.set_revision(revision.clone());
            // Boxed: most slots are valid, and the future of every command contains this one.
            let cold = Box::pin(load::load_aggregate::<A>(&self.pool, id)).await?;
            revision.set_loaded(cold.stream_id, cold.sequence);
            self.update_weight(id, slot, &cold.state);
            *content = Some(SlotState {
                state: cold.state,
                revision,
            });
        }
        OwnedMutexGuard::try_map(content, Option::as_mut).map_err(|_| LogError::Closed)
    }

    /// Reports the weight of a slot to the cache again once its state has grown to twice the last
    /// report.
    pub(crate) fn update_weight(&self, id: &str, slot: &Arc<Slot<A>>, state: &A) {
        let weight = state.weight();
        if slot.report_weight(weight) {
            // This replaces the slot with itself: a slot in use is never evicted (`InUsePinning`).
            let entry = CachedSlot {
                slot: slot.clone(),
                weight,
            };
            let _ = self.cache.replace(Arc::from(id), entry, true);
        }
    }
}

impl<A: CachedAggregate> ExternalEventSink for AggregateStore<A> {
    fn aggregate_kind(&self) -> AggregateKind {
        <A::Event as LoggedEvent>::AGGREGATE_KIND
    }

    /// Applies the event that another process appended to this aggregate, or invalidates the slot
    /// if that is not possible immediately.
    fn apply_external(&self, event: &Envelope) {
        let Some(CachedSlot { slot, .. }) = self.cache.peek(event.aggregate_id.as_str()) else {
            return;
        };
        let Some(revision) = slot.revision() else {
            return;
        };
        if event.sequence <= revision.durable_sequence() {
            return;
        }
        let next = revision.stream_id() != 0
            && revision.sequence() == revision.durable_sequence()
            && event.sequence == revision.durable_sequence() + 1;
        let mut content = slot.try_lock();
        let loaded = content.as_mut().and_then(|content| content.as_mut());
        match (
            loaded,
            A::Event::decode(
                &event.event_type,
                event.version,
                event.data.get().as_bytes(),
            ),
        ) {
            (Some(loaded), Ok(read)) if next && Arc::ptr_eq(&loaded.revision, &revision) => {
                loaded.state.apply(read);
                revision.advance_external(event.sequence, event.position);
            }
            _ => revision.invalidate(),
        }
    }

    fn invalidate_all(&self) {
        for (_, entry) in self.cache.iter() {
            if let Some(revision) = entry.slot.revision() {
                revision.invalidate();
            }
        }
    }
}
