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

use crate::Failed;
use crate::Locked;
use crate::append::Observed;
use crate::cache::{Cache, KeepsUsed, Kept, Weighs};
use crate::foreign::TakesForeign;
use crate::load;
use crate::queue::{Queue, Stamp, Waiting};
use crate::recorded::Recorded;
use crate::snapshot::Snapshots;

/// An aggregate that the store can cache.
pub trait Stored:
    Aggregate<Event: Recorded, Error: Send + Sync> + Clone + load::Upcasts + 'static
{
    /// The approximate size of the state in bytes. The cache is bounded by the sum.
    fn weight(&self) -> u64;
}

impl Stored for domain::conversation::Conversation {
    fn weight(&self) -> u64 {
        // A member is an id, a role and a membership period or two; a recent message is a sender, a
        // time, a digest and a few reactions.
        2_048 + 256 * self.member_count() as u64 + 128 * self.head_seq().clamp(0, 256) as u64
    }
}

impl Stored for domain::mailbox::Mailbox {
    fn weight(&self) -> u64 {
        512 + 160 * self.entry_count() as u64
    }
}

/// The cache slot of one aggregate.
pub(crate) struct Slot<A> {
    loaded: Arc<tokio::sync::Mutex<Option<Loaded<A>>>>,
    /// The revision of the loaded state, readable while the slot is locked.
    stamp: Mutex<Option<Arc<Stamp>>>,
    /// The weight last reported to the cache.
    weighed: AtomicU64,
}

/// The state of a slot and its revision.
pub(crate) struct Loaded<A> {
    pub(crate) state: A,
    pub(crate) stamp: Arc<Stamp>,
}

impl<A> Slot<A> {
    fn empty() -> Arc<Self> {
        Arc::new(Self {
            loaded: Arc::default(),
            stamp: Mutex::new(None),
            weighed: AtomicU64::new(UNLOADED_WEIGHT),
        })
    }

    fn stamp(&self) -> Option<Arc<Stamp>> {
        self.stamp
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// How often a slot is loaded in a row before the command becomes a conflict.
const LOADS: usize = 4;

/// The weight of a slot before its aggregate is loaded.
const UNLOADED_WEIGHT: u64 = 2_048;

/// The cache rejects entries that are heavier than a shard, and a slot in use must never be
/// rejected: the reported weight of a slot is capped at the capacity divided by this.
const HEAVIEST_PART: u64 = 256;

/// The store of all aggregates of one kind.
pub struct Store<A: Stored> {
    pub(crate) pool: PgPool,
    pub(crate) queue: Arc<Queue>,
    pub(crate) snapshots: Arc<Snapshots>,
    cache: Cache<A>,
}

impl<A: Stored> Store<A> {
    pub(crate) fn new(
        pool: PgPool,
        queue: Arc<Queue>,
        snapshots: Arc<Snapshots>,
        cache_bytes: u64,
    ) -> Arc<Self> {
        let items = usize::try_from(cache_bytes / UNLOADED_WEIGHT)
            .unwrap_or(usize::MAX)
            .max(1_024);
        let weighter = Weighs {
            heaviest: cache_bytes / HEAVIEST_PART,
        };
        let hash = quick_cache::DefaultHashBuilder::default();
        let cache = Cache::with(items, cache_bytes, weighter, hash, KeepsUsed);
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
    pub async fn lock(self: &Arc<Self>, id: &str) -> Result<Locked<A>, Failed> {
        let permit = self.queue.room().await?;
        let slot = self.slot(id);
        let loaded = self.hold(id, &slot).await?;
        Ok(Locked {
            id: id.to_owned(),
            loaded,
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
    ) -> Result<(T, Observed), Failed> {
        let slot = self.slot(id);
        let loaded = self.hold(id, &slot).await?;
        let observed = Observed {
            stamp: loaded.stamp.clone(),
            sequence: loaded.stamp.sequence(),
        };
        Ok((read(&loaded.state), observed))
    }

    fn slot(&self, id: &str) -> Arc<Slot<A>> {
        if let Some(entry) = self.cache.get(id) {
            return entry.slot;
        }
        let fill = || {
            Ok::<_, Infallible>(Kept {
                slot: Slot::empty(),
                weight: UNLOADED_WEIGHT,
            })
        };
        match self.cache.get_or_insert_with(&Arc::from(id), fill) {
            Ok(entry) => entry.slot,
            Err(never) => match never {},
        }
    }

    /// Locks a slot and loads its aggregate unless the state is valid.
    async fn hold(&self, id: &str, slot: &Arc<Slot<A>>) -> Result<Guard<A>, Failed> {
        let mut content = slot.loaded.clone().lock_owned().await;
        // An append by another process during the load invalidates it; then the aggregate is loaded
        // again. A decision on a state that is still invalid becomes a conflict.
        for _ in 0..LOADS {
            if content
                .as_ref()
                .is_some_and(|loaded| !loaded.stamp.is_invalid())
            {
                break;
            }
            *content = None;
            let stamp = Stamp::unknown();
            *slot.stamp.lock().unwrap_or_else(PoisonError::into_inner) = Some(stamp.clone());
            let cold = load::cold::<A>(&self.pool, id).await?;
            stamp.loaded(cold.stream, cold.sequence);
            self.weigh(id, slot, &cold.state);
            *content = Some(Loaded {
                state: cold.state,
                stamp,
            });
        }
        OwnedMutexGuard::try_map(content, Option::as_mut).map_err(|_| Failed::Closed)
    }

    /// Reports the weight of a slot to the cache again once its state has grown to twice the last
    /// report.
    pub(crate) fn weigh(&self, id: &str, slot: &Arc<Slot<A>>, state: &A) {
        let weight = state.weight();
        if weight > 2 * slot.weighed.load(Ordering::Relaxed) {
            slot.weighed.store(weight, Ordering::Relaxed);
            // This replaces the slot with itself: a slot in use is never evicted (`InUsePinning`).
            let entry = Kept {
                slot: slot.clone(),
                weight,
            };
            let _ = self.cache.replace(Arc::from(id), entry, true);
        }
    }
}

/// The locked state of a slot.
pub(crate) type Guard<A> = OwnedMappedMutexGuard<Option<Loaded<A>>, Loaded<A>>;

impl<A: Stored> TakesForeign for Store<A> {
    fn kind(&self) -> AggregateKind {
        <A::Event as Recorded>::AGGREGATE
    }

    /// Applies the event that another process appended to this aggregate, or invalidates the slot
    /// if that is not possible immediately.
    fn take_foreign(&self, _: &mut Waiting, event: &Envelope) {
        let Some(Kept { slot, .. }) = self.cache.peek(event.aggregate_id.as_str()) else {
            return;
        };
        let Some(stamp) = slot.stamp() else { return };
        if event.sequence <= stamp.durable() {
            return;
        }
        let next = stamp.stream() != 0
            && stamp.sequence() == stamp.durable()
            && event.sequence == stamp.durable() + 1;
        let mut content = slot.loaded.try_lock().ok();
        let loaded = content.as_mut().and_then(|content| content.as_mut());
        match (
            loaded,
            A::Event::decode(
                &event.event_type,
                event.version,
                event.data.get().as_bytes(),
            ),
        ) {
            (Some(loaded), Ok(read)) if next && Arc::ptr_eq(&loaded.stamp, &stamp) => {
                loaded.state.apply(read);
                stamp.take_in(event.sequence, event.position);
            }
            _ => stamp.invalidate(),
        }
    }

    fn forget_all(&self, _: &mut Waiting) {
        for (_, entry) in self.cache.iter() {
            if let Some(stamp) = entry.slot.stamp() {
                stamp.invalidate();
            }
        }
    }
}
