//! Answers a sync that finds nothing new from memory. Clients poll, so most syncs are of this kind.
//!
//! - [`activity`]: which users and conversations had an entry lately. The signals of the projector
//!   say it; from one lost signal to the next, nothing is missing.
//! - [`memberships`]: the conversations of users, read from the database once and kept until a
//!   signal names the user among those whose memberships have changed.
//! - [`follow`]: compares what is known with the position of the read model again and again, so
//!   that a lost signal is noticed.
//!
//! If neither the user nor a conversation of theirs had an entry after a cursor, the feed ends
//! there. Whatever is not known (after the start, a lost signal, a rebuild) is asked of the
//! database. A signal names too many rather than too few, so an answer from memory is what the
//! database would have answered at that position; [`IdleFeedMode::Verify`] compares them.

mod activity;
mod memberships;

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use connectivity::timeout::{EXCHANGE_TIMEOUT, within};
use metrics::counter;
use quick_cache::sync::Cache;
use read_model::projection_signal::ProjectionSignal;
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::consistency::read_history::ReadHistory;
use crate::error::QueryError;
use crate::sync::{FeedPage, SyncOutcome};
use activity::RecentActivity;
use memberships::{MembershipWeighter, Memberships};

/// The capacity of the cache of memberships, in conversations of all users, at 8 bytes each.
const MAX_MEMBERSHIPS: u64 = 2_000_000;

/// About how many users that is.
const EXPECTED_USERS: usize = 50_000;

/// How often the position of the read model is read.
const CONFIRM_INTERVAL: Duration = Duration::from_millis(250);

/// How long nothing may confirm what is known. If neither signals nor the database reach this
/// process, others may have gone on.
const MAX_AGE: Duration = Duration::from_secs(2);

/// Who answers a sync that finds nothing new.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IdleFeedMode {
    /// Memory, where it can know.
    #[default]
    Memory,
    /// The database, always.
    Database,
    /// The database, and what memory would have answered is compared with it.
    Verify,
}

/// What this process knows about feeds without new entries. Cheap to clone.
#[derive(Clone)]
pub struct IdleFeeds(Arc<Inner>);

struct Inner {
    mode: IdleFeedMode,
    pool: PgPool,
    history: ReadHistory,
    /// The position of the read model, as far as queries of this process know.
    position: watch::Receiver<i64>,
    activity: RwLock<Option<KnownActivity>>,
    memberships: Cache<String, Arc<Memberships>, MembershipWeighter>,
}

struct KnownActivity {
    recent: RecentActivity,
    /// How often the history had changed.
    changes: u64,
    /// Entries up to this position have been deleted, so that earlier cursors have expired.
    floor: i64,
    /// When a signal or the database last confirmed it.
    confirmed_at: Instant,
    /// A position that the database has reached, and whose signal has not come yet.
    awaited: Option<i64>,
}

impl IdleFeeds {
    /// Knows nothing yet.
    pub fn new(
        mode: IdleFeedMode,
        pool: PgPool,
        history: ReadHistory,
        position: watch::Receiver<i64>,
    ) -> Self {
        Self(Arc::new(Inner {
            mode,
            pool,
            history,
            position,
            activity: RwLock::default(),
            memberships: Cache::with_weighter(EXPECTED_USERS, MAX_MEMBERSHIPS, MembershipWeighter),
        }))
    }

    /// Whether memory answers, without a comparison.
    pub fn answers(&self) -> bool {
        self.0.mode == IdleFeedMode::Memory
    }

    /// Learns from the projector's signal.
    pub fn observe(&self, signal: &ProjectionSignal) {
        let changes = self.0.history.change_count();
        if let Some(known) = self.write().as_mut()
            && known.changes == changes
        {
            known.recent.observe(signal);
            known.confirmed_at = Instant::now();
        }
    }

    /// Forgets everything: the read model was replaced by an older one.
    pub fn clear(&self) {
        *self.write() = None;
    }

    /// Reads the position of the read model, and starts over if a signal was lost.
    pub async fn step(&self) -> Result<(), QueryError> {
        let changes = self.0.history.change_count();
        let read =
            sqlx::query_as("SELECT k.position, k.generation, k.floor FROM read.checkpoint k");
        let read = within(EXCHANGE_TIMEOUT, read.fetch_one(&self.0.pool));
        let (position, generation, floor) = read.await?;
        let mut known = self.write();
        let current = known.as_mut().filter(|known| known.changes == changes);
        if let Some(current) = current
            && current.confirm(position)
        {
            current.floor = floor;
            return Ok(());
        }
        *known = Some(KnownActivity {
            recent: RecentActivity::starting_at(position, generation),
            changes,
            floor,
            confirmed_at: Instant::now(),
            awaited: None,
        });
        Ok(())
    }

    /// If this user has no entry after `after`: the position up to which that is known. It is not
    /// below `at_least`, nor below what a query of this process has seen.
    pub fn find_idle(&self, user: &str, after: i64, at_least: i64) -> Option<i64> {
        let memberships = self.0.memberships.get(user)?;
        let known = self.read();
        let known = known.as_ref()?;
        let is_valid = known.changes == self.0.history.change_count()
            && known.confirmed_at.elapsed() <= MAX_AGE
            && known.floor <= after;
        if !is_valid {
            return None;
        }
        let seen = (*self.0.position.borrow()).max(at_least);
        let idle = known.recent.find_idle(after, &memberships);
        idle.filter(|position| *position >= seen)
    }

    /// Reads the memberships of a user whose feed the database has found empty, so that the next
    /// answer can come from memory. If that fails, the database answers the next one too.
    pub async fn remember(&self, user: &str) {
        if self.0.mode == IdleFeedMode::Database || self.is_remembered(user) {
            return;
        }
        match Memberships::load(&self.0.pool, user).await {
            Ok(Some(found)) => self.0.memberships.insert(user.to_owned(), Arc::new(found)),
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "could not read the memberships of a user"),
        }
    }

    fn is_remembered(&self, user: &str) -> bool {
        let known = self.read();
        let found = self.0.memberships.get(user);
        let both = known.as_ref().zip(found);
        both.is_some_and(|(known, found)| known.recent.has_current(&found))
    }

    fn read(&self) -> RwLockReadGuard<'_, Option<KnownActivity>> {
        let known = self.0.activity.read();
        known.unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Option<KnownActivity>> {
        let known = self.0.activity.write();
        known.unwrap_or_else(PoisonError::into_inner)
    }
}

impl KnownActivity {
    /// Whether it is complete up to this position of the database, or may be so soon: the signal
    /// can come a moment later than the commit.
    fn confirm(&mut self, position: i64) -> bool {
        let known = self.recent.known_to();
        if known >= position {
            (self.confirmed_at, self.awaited) = (Instant::now(), None);
            return true;
        }
        let is_lost = self.awaited.is_some_and(|awaited| known < awaited);
        self.awaited = Some(position);
        !is_lost
    }
}

/// Compares a page of the database with what memory knew before: that the feed has no entry
/// after the same cursor up to the position `idle_to`.
pub fn verify(user: &str, idle_to: i64, outcome: &SyncOutcome) {
    let SyncOutcome::Page(FeedPage { entries, .. }) = outcome else {
        return;
    };
    let missed = entries.first().filter(|entry| entry.position <= idle_to);
    let answer = if missed.is_some() { "wrong" } else { "right" };
    counter!("tidings_idle_syncs_total", "answer" => answer).increment(1);
    if let Some(entry) = missed {
        let position = entry.position;
        tracing::error!(
            user,
            idle_to,
            position,
            "memory has missed an entry of a feed"
        );
    }
}

/// Runs the task until `shutdown` is cancelled.
pub async fn follow(feeds: IdleFeeds, shutdown: CancellationToken) {
    if feeds.0.mode == IdleFeedMode::Database {
        return;
    }
    loop {
        if let Err(error) = feeds.step().await {
            tracing::debug!(%error, "could not read the position of the read model");
        }
        let pause = shutdown.run_until_cancelled(sleep(CONFIRM_INTERVAL));
        if pause.await.is_none() {
            return;
        }
    }
}
