//! How many commands one user may send.
//!
//! A leaky bucket (GCRA) per user: `rate` commands a second, and twice as many at once after a
//! pause, so that an app that comes back online may send what has gathered. One number per user is
//! kept, the moment at which the user has paid for everything so far.
//!
//! A batch is taken if anything at all may be sent, and then paid for in full: the user may go
//! into debt by one batch and waits it off. So a batch larger than the burst is never impossible,
//! and batches give nobody more than the rate.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::auth::Caller;
use crate::harden::Context;
use crate::problem::{Problem, whole_seconds};

/// Commands a second and user, unless configured.
pub const DEFAULT_RATE: u32 = 50;

/// Seconds' worth of commands that may be sent at once.
const BURST_SECONDS: u32 = 2;

/// Locks are held for nanoseconds; this many keep two cores from meeting on one.
const SHARDS: usize = 64;

/// Users in one shard, 131,072 in all, in some 4 MiB.
const MAX_USERS_PER_SHARD: usize = 2_048;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Counts commands by user. Cheap to clone; the clones count together. As an extractor it is the
/// limiter that the router was hardened with.
#[derive(Clone)]
pub struct Limiter(Option<Arc<Buckets>>);

struct Buckets {
    interval: u64,
    burst: u64,
    policy: HeaderValue,
    start: Instant,
    hasher: RandomState,
    shards: Vec<Mutex<HashMap<u64, u64>>>,
}

/// What a user may still send, for the `RateLimit` headers of the draft of the IETF.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Commands that may be sent now.
    pub remaining: u64,
    /// Until the full burst may be sent again.
    pub reset: Duration,
    /// If this very call came too early: how much too early.
    pub wait: Option<Duration>,
}

impl Limiter {
    /// `rate` commands a second and user, 0 for no limit.
    pub fn per_second(rate: u32) -> Self {
        if rate == 0 {
            return Self(None);
        }
        let burst = rate.saturating_mul(BURST_SECONDS);
        // Digits and ASCII letters are a legal header value.
        let policy = HeaderValue::from_str(&format!("\"commands\";q={burst};w={BURST_SECONDS}"))
            .unwrap_or(HeaderValue::from_static("\"commands\""));
        Self(Some(Arc::new(Buckets {
            interval: 1_000_000_000 / u64::from(rate),
            burst: burst.into(),
            policy,
            start: Instant::now(),
            hasher: RandomState::new(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
        })))
    }

    /// No limit.
    pub fn off() -> Self {
        Self(None)
    }

    /// Counts `n` commands of this user, or says when to try again (`429`).
    pub fn check_n(&self, user: &str, n: u32) -> Result<(), Problem> {
        match self.take(user, n).and_then(|budget| budget.wait) {
            Some(wait) => Err(Problem::too_many(wait)),
            None => Ok(()),
        }
    }

    /// Counts the lines of a batch. The request itself was counted when it came in, as one, and so
    /// is not counted again. Administrators are not counted, as for single commands.
    pub fn check_lines(&self, caller: &Caller, lines: usize) -> Result<(), Problem> {
        let more = u32::try_from(lines.saturating_sub(1)).unwrap_or(u32::MAX);
        if caller.admin || more == 0 {
            Ok(())
        } else {
            self.check_n(&caller.user, more)
        }
    }

    /// Counts `n` commands of this user if one may be sent. `None` when there is no limit.
    pub fn take(&self, user: &str, n: u32) -> Option<Budget> {
        let buckets = self.0.as_deref()?;
        Some(buckets.take(user, n, buckets.start.elapsed().as_nanos() as u64))
    }

    /// Adds the `RateLimit` and `RateLimit-Policy` headers.
    pub(crate) fn describe(&self, budget: &Budget, headers: &mut HeaderMap) {
        let Some(buckets) = self.0.as_deref() else {
            return;
        };
        let reset = if budget.reset.is_zero() {
            0
        } else {
            whole_seconds(budget.reset)
        };
        if let Ok(value) =
            HeaderValue::from_str(&format!("\"commands\";r={};t={reset}", budget.remaining))
        {
            headers.insert(RATE_LIMIT, value);
        }
        headers.insert(RATE_LIMIT_POLICY, buckets.policy.clone());
    }
}

impl Buckets {
    /// `now` is in nanoseconds since `start`.
    fn take(&self, user: &str, n: u32, now: u64) -> Budget {
        // Users are told apart by a keyed hash: the map's size does not depend on their names. Two
        // that collide (one pair in 2^64) would share a bucket.
        let key = self.hasher.hash_one(user);
        let shard = &self.shards[key as usize % SHARDS];
        let mut paid_until = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let ahead = paid_until
            .get(&key)
            .map_or(0, |paid| paid.saturating_sub(now));
        let room = self.interval * (self.burst - 1);
        if ahead > room {
            return self.budget(ahead, Some(Duration::from_nanos(ahead - room)));
        }
        let ahead = ahead.saturating_add(self.interval.saturating_mul(n.into()));
        if paid_until.len() >= MAX_USERS_PER_SHARD {
            make_room(&mut paid_until, now);
        }
        paid_until.insert(key, now.saturating_add(ahead));
        self.budget(ahead, None)
    }

    fn budget(&self, ahead: u64, wait: Option<Duration>) -> Budget {
        let remaining = (self.interval * self.burst).saturating_sub(ahead) / self.interval;
        Budget {
            remaining,
            reset: Duration::from_nanos(ahead),
            wait,
        }
    }
}

/// Forgets who has paid. Should everybody be in the middle of a burst, forgets them all: memory is
/// bounded first, and the worst that follows is one more burst each.
fn make_room(paid_until: &mut HashMap<u64, u64>, now: u64) {
    paid_until.retain(|_, paid| *paid > now);
    if paid_until.len() >= MAX_USERS_PER_SHARD {
        paid_until.clear();
    }
}

impl<S: Sync> FromRequestParts<S> for Limiter {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Context::of(&parts.extensions).map(|context| context.edge.limiter.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn buckets(rate: u32) -> Arc<Buckets> {
        Limiter::per_second(rate).0.unwrap()
    }

    #[test]
    fn a_burst_then_the_rate() {
        let buckets = buckets(10);
        for left in (0..20).rev() {
            let budget = buckets.take("ada", 1, 0);
            assert_eq!((budget.remaining, budget.wait), (left, None));
        }
        let refused = buckets.take("ada", 1, 0);
        assert_eq!(refused.wait, Some(Duration::from_millis(100)));
        assert_eq!(
            buckets.take("bob", 1, 0).wait,
            None,
            "others are not concerned"
        );
        for second in 1..=3 {
            let taken = (0..20)
                .filter(|_| buckets.take("ada", 1, second * SECOND).wait.is_none())
                .count();
            assert_eq!(taken, 10, "in second {second}");
        }
    }

    #[test]
    fn a_batch_beyond_the_burst_is_taken_and_paid_for() {
        let buckets = buckets(50);
        assert_eq!(buckets.take("ada", 1_000, 0).wait, None);
        assert_eq!(
            buckets.take("ada", 1, 0).wait,
            Some(Duration::from_millis(18_020))
        );
        assert_eq!(buckets.take("ada", 1, 18 * SECOND).remaining, 0);
        assert_eq!(buckets.take("ada", 1, 19 * SECOND).wait, None);
    }

    #[test]
    fn memory_is_bounded_when_everybody_is_new() {
        let buckets = buckets(1);
        for user in 0..200_000 {
            assert_eq!(buckets.take(&format!("user {user}"), 1, 0).wait, None);
        }
        let kept: usize = buckets
            .shards
            .iter()
            .map(|shard| shard.lock().unwrap().len())
            .sum();
        assert!(
            kept <= SHARDS * MAX_USERS_PER_SHARD,
            "{kept} users are kept"
        );
    }

    #[test]
    fn who_has_paid_is_forgotten_first() {
        let mut paid_until: HashMap<u64, u64> = (0..MAX_USERS_PER_SHARD as u64)
            .map(|user| (user, user))
            .collect();
        make_room(&mut paid_until, 2_000);
        assert_eq!(paid_until.len(), MAX_USERS_PER_SHARD - 2_001);
        assert!(paid_until.values().all(|paid| *paid > 2_000));
    }

    #[test]
    fn a_rate_of_nothing_is_no_limit() {
        assert!((0..1_000).all(|_| Limiter::per_second(0).check_n("ada", 1_000).is_ok()));
    }
}
