//! The aggregate store: the newest state of every warm aggregate.
//!
//! The state in a slot may be ahead of the disk: events are applied when they are queued, so that
//! the next command on the same aggregate can be decided immediately and joins the same commit. If
//! a commit fails, the slots in it are invalidated and reloaded.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cqrs_es::Aggregate;
use domain::envelope::{AggregateKind, Envelope};
use domain::event::EventFamily;
use sqlx::PgPool;
use tokio::sync::{OwnedMappedMutexGuard, OwnedMutexGuard};

use crate::LockedAggregate;
use crate::LogError;
use crate::append::Observation;
use crate::cache::{CachedSlot, InUsePinning, SlotCache, SlotWeighter};
use crate::external_events::ExternalEventSink;
use crate::load;
use crate::logged_event::LoggedEvent;
use crate::queue::{AppendQueue, QueueState, Revision};
use crate::snapshot::SnapshotWriter;

/// An aggregate that the store can cache.
pub trait CachedAggregate:
    Aggregate<Event: LoggedEvent, Error: Send + Sync> + Clone + load::UpcasterProvider + 'static
{
    /// The approximate size of the state in bytes. The cache is bounded by the sum.
    fn weight(&self) -> u64;
}

impl CachedAggregate for domain::conversation::Conversation {
    fn weight(&self) -> u64 {
        // A member is an id, a role and a membership period or two; a recent message is a sender, a
        // time, a digest and a few reactions.
        2_048 + 256 * self.member_count() as u64 + 128 * self.head_seq().clamp(0, 256) as u64
    }
}

impl CachedAggregate for domain::mailbox::Mailbox {
    fn weight(&self) -> u64 {
        512 + 160 * self.entry_count() as u64
    }
}

/// The cache slot of one aggregate.
pub(crate) struct Slot<A> {
    state: Arc<tokio::sync::Mutex<Option<SlotState<A>>>>,
    /// The revision of the loaded state, readable while the slot is locked.
    revision: Mutex<Option<Arc<Revision>>>,
    /// The weight last reported to the cache.
    reported_weight: AtomicU64,
}

/// The state of a slot and its revision.
pub(crate) struct SlotState<A> {
    pub(crate) state: A,
    pub(crate) revision: Arc<Revision>,
}

impl<A> Slot<A> {
    fn empty() -> Arc<Self> {
        Arc::new(Self {
            state: Arc::default(),
            revision: Mutex::new(None),
            reported_weight: AtomicU64::new(EMPTY_SLOT_WEIGHT),
        })
    }

    fn revision(&self) -> Option<Arc<Revision>> {
        self.revision
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// How often a slot is loaded in a row before the command becomes a conflict.
const MAX_LOAD_ATTEMPTS: usize = 4;

/// The weight of a slot before its aggregate is loaded.
const EMPTY_SLOT_WEIGHT: u64 = 2_048;

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

    /// Locks an aggregate at its newest state, exclusively until the result is dropped or appended
    /// to. An aggregate without events has the default state.
    pub async fn lock(self: &Arc<Self>, id: &str) -> Result<LockedAggregate<A>, LogError> {
        let permit = self.queue.reserve().await?;
        let slot = self.get_or_insert_slot(id);
        let loaded = self.lock_slot(id, &slot).await?;
        Ok(LockedAggregate {
            id: id.to_owned(),
            guard: loaded,
            slot,
            permit,
            store: self.clone(),
        })
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
        let observed = Observation {
            revision: loaded.revision.clone(),
            sequence: loaded.revision.sequence(),
        };
        Ok((read(&loaded.state), observed))
    }

    fn get_or_insert_slot(&self, id: &str) -> Arc<Slot<A>> {
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
    async fn lock_slot(&self, id: &str, slot: &Arc<Slot<A>>) -> Result<SlotGuard<A>, LogError> {
        let mut content = slot.state.clone().lock_owned().await;
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
            let stamp = Revision::unknown();
            *slot.revision.lock().unwrap_or_else(PoisonError::into_inner) = Some(stamp.clone());
            let cold = load::load_aggregate::<A>(&self.pool, id).await?;
            stamp.set_loaded(cold.stream_id, cold.sequence);
            self.update_weight(id, slot, &cold.state);
            *content = Some(SlotState {
                state: cold.state,
                revision: stamp,
            });
        }
        OwnedMutexGuard::try_map(content, Option::as_mut).map_err(|_| LogError::Closed)
    }

    /// Reports the weight of a slot to the cache again once its state has grown to twice the last
    /// report.
    pub(crate) fn update_weight(&self, id: &str, slot: &Arc<Slot<A>>, state: &A) {
        let weight = state.weight();
        if weight > 2 * slot.reported_weight.load(Ordering::Relaxed) {
            slot.reported_weight.store(weight, Ordering::Relaxed);
            // This replaces the slot with itself: a slot in use is never evicted (`InUsePinning`).
            let entry = CachedSlot {
                slot: slot.clone(),
                weight,
            };
            let _ = self.cache.replace(Arc::from(id), entry, true);
        }
    }
}

/// The locked state of a slot.
pub(crate) type SlotGuard<A> = OwnedMappedMutexGuard<Option<SlotState<A>>, SlotState<A>>;

impl<A: CachedAggregate> ExternalEventSink for AggregateStore<A> {
    fn aggregate_kind(&self) -> AggregateKind {
        <A::Event as LoggedEvent>::AGGREGATE_KIND
    }

    /// Applies the event that another process appended to this aggregate, or invalidates the slot
    /// if that is not possible immediately.
    fn apply_external(&self, _: &mut QueueState, event: &Envelope) {
        let Some(CachedSlot { slot, .. }) = self.cache.peek(event.aggregate_id.as_str()) else {
            return;
        };
        let Some(stamp) = slot.revision() else { return };
        if event.sequence <= stamp.durable_sequence() {
            return;
        }
        let next = stamp.stream_id() != 0
            && stamp.sequence() == stamp.durable_sequence()
            && event.sequence == stamp.durable_sequence() + 1;
        let mut content = slot.state.try_lock().ok();
        let loaded = content.as_mut().and_then(|content| content.as_mut());
        match (
            loaded,
            A::Event::decode(
                &event.event_type,
                event.version,
                event.data.get().as_bytes(),
            ),
        ) {
            (Some(loaded), Ok(read)) if next && Arc::ptr_eq(&loaded.revision, &stamp) => {
                loaded.state.apply(read);
                stamp.advance_external(event.sequence, event.position);
            }
            _ => stamp.invalidate(),
        }
    }

    fn invalidate_all(&self, _: &mut QueueState) {
        for (_, entry) in self.cache.iter() {
            if let Some(stamp) = entry.slot.revision() {
                stamp.invalidate();
            }
        }
    }
}
