//! Exponential backoff for retries.

use std::time::Duration;

use domain::time::Timestamp;

use crate::clock::to_millis;

/// The wait after the first failure. It doubles after each further one.
const INITIAL_WAIT: Duration = Duration::from_secs(1);

/// The longest wait between two attempts, before jitter.
const MAX_WAIT: Duration = Duration::from_secs(3600);

/// The number of failures after which the wait no longer grows, whatever its limit.
const MAX_DOUBLINGS: u32 = 12;

/// The default number of attempts before a delivery is parked: about 18 hours.
pub const DEFAULT_MAX_ATTEMPTS: u32 = 30;

/// Returns how long to wait after a number of failed attempts, at most `max`. A longer wait that
/// the receiver requests is honoured up to that bound.
pub fn wait_after(attempts: u32, requested: Option<Duration>, max: Duration) -> Duration {
    let doublings = attempts.saturating_sub(1).min(MAX_DOUBLINGS);
    let wait = (INITIAL_WAIT * 2u32.pow(doublings)).min(max);
    requested.map_or(wait, |requested| requested.clamp(wait, max))
}

/// Returns when to retry a delivery after a number of failed attempts. `spread` is any number that
/// differs between deliveries; it adds jitter, so that deliveries that failed together are not
/// retried together.
pub fn next_attempt_at(
    now: Timestamp,
    attempts: u32,
    requested: Option<Duration>,
    spread: u64,
) -> Timestamp {
    let millis = to_millis(wait_after(attempts, requested, MAX_WAIT));
    // Mix the bits, so that neighbouring numbers get different waits. Adds up to a fifth.
    let mixed = spread.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    let more = millis / 5 * (mixed as i64) / (1 << 24);
    Timestamp::from_millis(now.millis() + millis + more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_hour_and_honour_the_receivers_request() {
        let now = Timestamp::from_millis(0);
        for (attempts, seconds) in [
            (1, 1),
            (2, 2),
            (3, 4),
            (11, 1024),
            (13, 3600),
            (4_000_000, 3600),
        ] {
            for spread in [0, 1, 77, u64::MAX] {
                let wait = next_attempt_at(now, attempts, None, spread).millis();
                let range = seconds * 1000..=seconds * 1200;
                assert!(range.contains(&wait), "{attempts}: {wait}");
            }
        }
        let requested = Some(Duration::from_secs(90));
        assert!(next_attempt_at(now, 1, requested, 0).millis() >= 90_000);
        let absurd = Some(Duration::from_secs(1 << 40));
        assert!(next_attempt_at(now, 1, absurd, 0).millis() <= 3_600_000 * 6 / 5);
        let waits: std::collections::HashSet<i64> = (0..100)
            .map(|n| next_attempt_at(now, 8, None, n).millis())
            .collect();
        assert!(waits.len() > 90);
    }
}
