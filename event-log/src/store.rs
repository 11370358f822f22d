//! The newest state of every warm aggregate.
//!
//! A slot holds a state that may be ahead of the disk: events are applied when they are queued, so
//! that the next command on the same aggregate can be decided at once and joins the same commit.
//! If a commit fails, the slots that it touched are marked invalid and loaded again.

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

/// What an aggregate must be to be kept here.
pub trait Stored:
    Aggregate<Event: Recorded, Error: Send + Sync> + Clone + load::Upcasts + 'static
{
    /// About how many bytes the state takes in memory: what the cache is bounded by.
    fn weight(&self) -> u64;
}

impl Stored for domain::conversation::Conversation {
    fn weight(&self) -> u64 {
        // A member is an id, a role and a stay or two; a remembered message is a sender, a time,
        // a digest and few reactions.
        2_048 + 256 * self.member_count() as u64 + 128 * self.head_seq().clamp(0, 256) as u64
    }
}

impl Stored for domain::mailbox::Mailbox {
    fn weight(&self) -> u64 {
        512 + 160 * self.entries() as u64
    }
}

/// One aggregate's place in the cache.
pub(crate) struct Slot<A> {
    loaded: Arc<tokio::sync::Mutex<Option<Loaded<A>>>>,
    /// The stamp of what is loaded, reachable while somebody holds the slot.
    stamp: Mutex<Option<Arc<Stamp>>>,
    /// The weight that the cache was told.
    weighed: AtomicU64,
}

/// A state with its stamp.
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

/// How often a slot is loaded in a row before the command has to start again.
const LOADS: usize = 4;

/// What a slot weighs before anything is loaded into it.
const UNLOADED_WEIGHT: u64 = 2_048;

/// The cache refuses what is heavier than a shard, and a slot must never be refused while it is in
/// use: no slot is told to weigh more than this part of the whole.
const HEAVIEST_PART: u64 = 256;

/// All aggregates of one kind.
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
        let weighs = Weighs {
            heaviest: cache_bytes / HEAVIEST_PART,
        };
        let hash = quick_cache::DefaultHashBuilder::default();
        let cache = Cache::with(items, cache_bytes, weighs, hash, KeepsUsed);
        Arc::new(Self {
            pool,
            queue,
            snapshots,
            cache,
        })
    }

    /// About how many bytes of states are held.
    pub fn cached_bytes(&self) -> u64 {
        self.cache.weight()
    }

    /// The newest state of an aggregate, nobody else's until it is dropped or appended to. An
    /// aggregate that has no events is its default.
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

    /// Looks at the newest state of an aggregate. The decision made on it should carry what was
    /// observed.
    pub async fn peek<T>(
        &self,
        id: &str,
        look: impl FnOnce(&A) -> T,
    ) -> Result<(T, Observed), Failed> {
        let slot = self.slot(id);
        let loaded = self.hold(id, &slot).await?;
        let observed = Observed {
            stamp: loaded.stamp.clone(),
            sequence: loaded.stamp.sequence(),
        };
        Ok((look(&loaded.state), observed))
    }

    fn slot(&self, id: &str) -> Arc<Slot<A>> {
        if let Some(kept) = self.cache.get(id) {
            return kept.slot;
        }
        let fill = || {
            Ok::<_, Infallible>(Kept {
                slot: Slot::empty(),
                weight: UNLOADED_WEIGHT,
            })
        };
        match self.cache.get_or_insert_with(&Arc::from(id), fill) {
            Ok(kept) => kept.slot,
            Err(never) => match never {},
        }
    }

    /// Locks a slot and sees to it that something valid is loaded.
    async fn hold(&self, id: &str, slot: &Arc<Slot<A>>) -> Result<Guard<A>, Failed> {
        let mut held = slot.loaded.clone().lock_owned().await;
        // What another process appends while this loads makes the load invalid, so that is the time
        // to load once more. A decision on a state that is invalid all the same becomes a conflict.
        for _ in 0..LOADS {
            if held
                .as_ref()
                .is_some_and(|loaded| !loaded.stamp.is_invalid())
            {
                break;
            }
            *held = None;
            let stamp = Stamp::unknown();
            *slot.stamp.lock().unwrap_or_else(PoisonError::into_inner) = Some(stamp.clone());
            let cold = load::cold::<A>(&self.pool, id).await?;
            stamp.loaded(cold.stream, cold.sequence);
            self.weigh(id, slot, &cold.state);
            *held = Some(Loaded {
                state: cold.state,
                stamp,
            });
        }
        OwnedMutexGuard::try_map(held, Option::as_mut).map_err(|_| Failed::Closed)
    }

    /// Tells the cache again what a slot weighs, when its state has grown to twice of what was told.
    pub(crate) fn weigh(&self, id: &str, slot: &Arc<Slot<A>>, state: &A) {
        let weight = state.weight();
        if weight > 2 * slot.weighed.load(Ordering::Relaxed) {
            slot.weighed.store(weight, Ordering::Relaxed);
            // Only where it is still the slot of this id: it is, as it is in use. See `KeepsUsed`.
            let kept = Kept {
                slot: slot.clone(),
                weight,
            };
            let _ = self.cache.replace(Arc::from(id), kept, true);
        }
    }
}

/// A slot's content, locked.
pub(crate) type Guard<A> = OwnedMappedMutexGuard<Option<Loaded<A>>, Loaded<A>>;

impl<A: Stored> TakesForeign for Store<A> {
    fn kind(&self) -> AggregateKind {
        <A::Event as Recorded>::AGGREGATE
    }

    /// Applies what another process appended to this aggregate, or marks the slot invalid if that
    /// cannot be done here and now.
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
        let mut held = slot.loaded.try_lock().ok();
        let loaded = held.as_mut().and_then(|held| held.as_mut());
        match (
            loaded,
            A::Event::read(
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
        for (_, kept) in self.cache.iter() {
            if let Some(stamp) = kept.slot.stamp() {
                stamp.invalidate();
            }
        }
    }
}
