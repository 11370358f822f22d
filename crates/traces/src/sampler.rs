//! Which requests are traced.
//!
//! 1. Without a valid `traceparent`: the configured share, at random.
//! 2. With one that is not sampled: no. The caller has decided, and the trace would have a hole.
//! 3. With one that is sampled: yes, for the first [`MAX_REQUESTED`] in a second. More of them are
//!    treated as those without one, so that a caller cannot flood the collector.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::otlp_settings::SamplingRatio;
use crate::span_context::Traceparent;

/// How many requests per second are traced in a process because their callers ask for it: enough
/// to follow a few users, few enough for any collector.
const MAX_REQUESTED: u32 = 100;

/// The time over which they are counted.
const PERIOD: Duration = Duration::from_secs(1);

/// Decides which requests are traced.
#[derive(Debug)]
pub struct Sampler {
    ratio: f64,
    /// The state of a random number generator, SplitMix64: a call of the operating system for each
    /// request would cost more than everything else that an untraced request does here.
    random: AtomicU64,
    requested: Mutex<RequestedTraces>,
}

/// How many traces callers have asked for in the current period.
#[derive(Debug)]
struct RequestedTraces {
    since: Instant,
    count: u32,
}

impl Sampler {
    /// A sampler that traces this share of the requests.
    pub fn new(ratio: SamplingRatio) -> Self {
        Self {
            ratio: ratio.value(),
            random: AtomicU64::new(Uuid::new_v4().as_u64_pair().0),
            requested: Mutex::new(RequestedTraces {
                since: Instant::now(),
                count: 0,
            }),
        }
    }

    /// Whether a request with this header is traced.
    pub fn is_sampled(&self, caller: Option<Traceparent>, now: Instant) -> bool {
        match caller {
            Some(caller) if !caller.is_sampled => false,
            Some(_) if self.admits_requested(now) => true,
            _ => self.next_fraction() < self.ratio,
        }
    }

    fn admits_requested(&self, now: Instant) -> bool {
        let mut requested = self
            .requested
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if now.saturating_duration_since(requested.since) >= PERIOD {
            *requested = RequestedTraces {
                since: now,
                count: 0,
            };
        }
        requested.count = requested.count.saturating_add(1);
        requested.count <= MAX_REQUESTED
    }

    /// A random number from 0 to below 1.
    fn next_fraction(&self) -> f64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let state = self.random.fetch_add(STEP, Ordering::Relaxed);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let mixed = mixed ^ (mixed >> 31);
        (mixed >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span_context::SpanContext;

    fn sampler(ratio: &str) -> Sampler {
        Sampler::new(ratio.parse().unwrap())
    }

    fn caller(is_sampled: bool) -> Traceparent {
        Traceparent {
            context: SpanContext::new_root(),
            is_sampled,
        }
    }

    #[test]
    fn the_configured_share_is_traced() {
        let now = Instant::now();
        for (ratio, expected) in [("0", 0..=0), ("0.01", 50..=150), ("1", 10_000..=10_000)] {
            let sampler = sampler(ratio);
            let traced = (0..10_000).filter(|_| sampler.is_sampled(None, now));
            let count = traced.count();
            assert!(expected.contains(&count), "{count} at {ratio}");
        }
    }

    #[test]
    fn what_the_caller_does_not_record_is_not_traced() {
        assert!(!sampler("1").is_sampled(Some(caller(false)), Instant::now()));
    }

    #[test]
    fn a_caller_can_ask_for_a_bounded_number_of_traces() {
        let sampler = sampler("0");
        let start = Instant::now();
        let count = |at| {
            let asked = 0..10 * MAX_REQUESTED;
            let traced = asked.filter(|_| sampler.is_sampled(Some(caller(true)), at));
            u32::try_from(traced.count()).unwrap()
        };
        assert_eq!(count(start), MAX_REQUESTED);
        assert_eq!(count(start + PERIOD / 2), 0);
        assert_eq!(count(start + PERIOD * 2), MAX_REQUESTED);
    }
}
