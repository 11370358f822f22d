//! Limits how many commands each user may send.
//!
//! One leaky bucket (GCRA) per user: `rate` commands per second, with a burst of twice that after
//! a pause, so that an app that comes back online can send what it has queued. The limiter stores
//! one number per user: the time until which the user's commands so far use up the rate.
//!
//! A batch is accepted if at least one command may be sent, and is then charged in full: the user
//! may go into debt by one batch and has to wait until the debt is paid off. A batch larger than
//! the burst can therefore still be sent, and batches never exceed the average rate.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::auth::Caller;
use crate::problem::{Problem, ceil_to_seconds};

/// The default limit, in commands per second and user.
pub const DEFAULT_COMMANDS_PER_SECOND: u32 = 50;

/// The burst size, in seconds' worth of commands.
const BURST_SECONDS: u32 = 2;

/// The number of independently locked maps. Each lock is held for nanoseconds; this many shards
/// make contention between two cores unlikely.
const SHARD_COUNT: usize = 64;

/// The maximum number of users per shard: 131,072 in total, in about 4 MiB.
const MAX_USERS_PER_SHARD: usize = 2_048;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// A rate limiter for commands, per user. Cheap to clone; clones share their counts. As an
/// extractor (in `context`) it is the limiter that was passed to
/// [`crate::apply_middleware`].
#[derive(Clone)]
pub struct RateLimiter(Option<Arc<RateLimitBuckets>>);

struct RateLimitBuckets {
    interval_nanos: u64,
    burst: u64,
    policy: HeaderValue,
    start: Instant,
    hasher: RandomState,
    shards: Vec<Mutex<HashMap<u64, u64>>>,
}

/// How much a user may still send, for the `RateLimit` headers of the IETF draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimitStatus {
    /// The number of commands that may be sent now.
    pub remaining: u64,
    /// The time until the full burst is available again.
    pub reset_after: Duration,
    /// The time to wait before retrying, if this call exceeded the limit.
    pub retry_after: Option<Duration>,
}

impl RateLimiter {
    /// Limits each user to `rate` commands per second; 0 means no limit.
    pub fn per_second(rate: u32) -> Self {
        if rate == 0 {
            return Self(None);
        }
        let burst = rate.saturating_mul(BURST_SECONDS);
        // Cannot fail: digits and ASCII letters are a valid header value.
        let policy = HeaderValue::from_str(&format!("\"commands\";q={burst};w={BURST_SECONDS}"))
            .unwrap_or(HeaderValue::from_static("\"commands\""));
        Self(Some(Arc::new(RateLimitBuckets {
            interval_nanos: 1_000_000_000 / u64::from(rate),
            burst: burst.into(),
            policy,
            start: Instant::now(),
            hasher: RandomState::new(),
            shards: (0..SHARD_COUNT).map(|_| Mutex::default()).collect(),
        })))
    }

    /// A limiter that accepts everything.
    pub fn unlimited() -> Self {
        Self(None)
    }

    /// Counts `n` commands for this user; if the limit is exceeded, returns `429` with the time to
    /// wait.
    pub fn check_n(&self, user: &str, n: u32) -> Result<(), Problem> {
        match self
            .try_acquire(user, n)
            .and_then(|budget| budget.retry_after)
        {
            Some(wait) => Err(Problem::rate_limited(wait)),
            None => Ok(()),
        }
    }

    /// Counts the lines of a batch. The middleware has already counted the request as one command,
    /// so only the remaining lines are counted. Administrators are exempt, as for single commands.
    pub fn check_lines(&self, caller: &Caller, lines: usize) -> Result<(), Problem> {
        let more = u32::try_from(lines.saturating_sub(1)).unwrap_or(u32::MAX);
        if caller.is_unlimited() || more == 0 {
            Ok(())
        } else {
            self.check_n(&caller.user, more)
        }
    }

    /// Counts `n` commands for this user if at least one may be sent. `None` if there is no limit.
    pub fn try_acquire(&self, user: &str, n: u32) -> Option<RateLimitStatus> {
        let buckets = self.0.as_deref()?;
        Some(buckets.try_acquire(user, n, buckets.start.elapsed().as_nanos() as u64))
    }

    /// Adds the `RateLimit` and `RateLimit-Policy` headers.
    pub(crate) fn insert_headers(&self, budget: &RateLimitStatus, headers: &mut HeaderMap) {
        let Some(buckets) = self.0.as_deref() else {
            return;
        };
        let reset = if budget.reset_after.is_zero() {
            0
        } else {
            ceil_to_seconds(budget.reset_after)
        };
        if let Ok(value) =
            HeaderValue::from_str(&format!("\"commands\";r={};t={reset}", budget.remaining))
        {
            headers.insert(RATE_LIMIT, value);
        }
        headers.insert(RATE_LIMIT_POLICY, buckets.policy.clone());
    }
}

impl RateLimitBuckets {
    /// Counts `n` commands at `now`, in nanoseconds since `start`.
    fn try_acquire(&self, user: &str, n: u32, now: u64) -> RateLimitStatus {
        // Users are identified by a keyed hash, so that the size of the map does not depend on the
        // length of their names. Two users that collide (one pair in 2^64) would share a bucket.
        let key = self.hasher.hash_one(user);
        let shard = &self.shards[key as usize % SHARD_COUNT];
        let mut paid_until = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let ahead = paid_until
            .get(&key)
            .map_or(0, |paid| paid.saturating_sub(now));
        let room = self.interval_nanos * (self.burst - 1);
        if ahead > room {
            return self.status(ahead, Some(Duration::from_nanos(ahead - room)));
        }
        let ahead = ahead.saturating_add(self.interval_nanos.saturating_mul(n.into()));
        if paid_until.len() >= MAX_USERS_PER_SHARD {
            evict_users(&mut paid_until, now);
        }
        paid_until.insert(key, now.saturating_add(ahead));
        self.status(ahead, None)
    }

    fn status(&self, ahead: u64, wait: Option<Duration>) -> RateLimitStatus {
        let remaining =
            (self.interval_nanos * self.burst).saturating_sub(ahead) / self.interval_nanos;
        RateLimitStatus {
            remaining,
            reset_after: Duration::from_nanos(ahead),
            retry_after: wait,
        }
    }
}

/// Evicts the users without debt. If all users are in debt, evicts all of them: bounded memory
/// takes priority, and the worst consequence is one extra burst per user.
fn evict_users(paid_until: &mut HashMap<u64, u64>, now: u64) {
    paid_until.retain(|_, paid| *paid > now);
    if paid_until.len() >= MAX_USERS_PER_SHARD {
        paid_until.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn buckets(rate: u32) -> Arc<RateLimitBuckets> {
        RateLimiter::per_second(rate).0.unwrap()
    }

    #[test]
    fn allows_a_burst_and_then_the_rate() {
        let buckets = buckets(10);
        for left in (0..20).rev() {
            let budget = buckets.try_acquire("ada", 1, 0);
            assert_eq!((budget.remaining, budget.retry_after), (left, None));
        }
        let rejected = buckets.try_acquire("ada", 1, 0);
        assert_eq!(rejected.retry_after, Some(Duration::from_millis(100)));
        assert_eq!(
            buckets.try_acquire("bob", 1, 0).retry_after,
            None,
            "other users are not affected"
        );
        for second in 1..=3 {
            let accepted = (0..20)
                .filter(|_| {
                    buckets
                        .try_acquire("ada", 1, second * SECOND)
                        .retry_after
                        .is_none()
                })
                .count();
            assert_eq!(accepted, 10, "in second {second}");
        }
    }

    #[test]
    fn batch_larger_than_the_burst_is_accepted_and_charged_in_full() {
        let buckets = buckets(50);
        assert_eq!(buckets.try_acquire("ada", 1_000, 0).retry_after, None);
        assert_eq!(
            buckets.try_acquire("ada", 1, 0).retry_after,
            Some(Duration::from_millis(18_020))
        );
        assert_eq!(buckets.try_acquire("ada", 1, 18 * SECOND).remaining, 0);
        assert_eq!(buckets.try_acquire("ada", 1, 19 * SECOND).retry_after, None);
    }

    #[test]
    fn memory_is_bounded_when_every_user_is_new() {
        let buckets = buckets(1);
        for user in 0..200_000 {
            assert_eq!(
                buckets
                    .try_acquire(&format!("user {user}"), 1, 0)
                    .retry_after,
                None
            );
        }
        let users: usize = buckets
            .shards
            .iter()
            .map(|shard| shard.lock().unwrap().len())
            .sum();
        assert!(
            users <= SHARD_COUNT * MAX_USERS_PER_SHARD,
            "{users} users are stored"
        );
    }

    #[test]
    fn users_without_debt_are_evicted_first() {
        let mut paid_until: HashMap<u64, u64> = (0..MAX_USERS_PER_SHARD as u64)
            .map(|user| (user, user))
            .collect();
        evict_users(&mut paid_until, 2_000);
        assert_eq!(paid_until.len(), MAX_USERS_PER_SHARD - 2_001);
        assert!(paid_until.values().all(|paid| *paid > 2_000));
    }

    #[test]
    fn zero_rate_means_no_limit() {
        assert!((0..1_000).all(|_| RateLimiter::per_second(0).check_n("ada", 1_000).is_ok()));
    }
}
