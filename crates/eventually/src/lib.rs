//! Polls a condition until it holds or a deadline passes.
//!
//! This is the only code of the tests that sleeps. A test that needs to wait names the condition
//! it waits for: [`eventually`] and [`eventually_true`] panic when it does not hold in time,
//! [`poll_blocking`] is for threads without a runtime. [`pause`] is for load and faults that come
//! at random moments, never for waiting until something has happened.

#![deny(missing_docs)]

use std::fmt::Display;
use std::time::{Duration, Instant};

/// How long a condition may take before a test fails. A healthy system needs far less; the rest is
/// for busy machines.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// The first interval between two polls; it doubles up to [`MAX_POLL_INTERVAL`].
const MIN_POLL_INTERVAL: Duration = Duration::from_millis(2);

const MAX_POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Polls until the result is `Some` and returns its value.
///
/// # Panics
/// After [`DEFAULT_TIMEOUT`], with `expected` in the message.
pub async fn eventually<T, F>(expected: impl Display, poll: F) -> T
where
    F: AsyncFnMut() -> Option<T>,
{
    eventually_within(DEFAULT_TIMEOUT, expected, poll).await
}

/// The same with another timeout.
///
/// # Panics
/// After `timeout`, with `expected` in the message.
pub async fn eventually_within<T, F>(timeout: Duration, expected: impl Display, mut poll: F) -> T
where
    F: AsyncFnMut() -> Option<T>,
{
    let start = Instant::now();
    let mut interval = MIN_POLL_INTERVAL;
    loop {
        if let Some(value) = poll().await {
            return value;
        }
        assert!(
            start.elapsed() < timeout,
            "not within {timeout:?}: {expected}"
        );
        pause(interval).await;
        interval = (interval * 2).min(MAX_POLL_INTERVAL);
    }
}

/// Polls until `condition` is true.
///
/// # Panics
/// After [`DEFAULT_TIMEOUT`], with `expected` in the message.
pub async fn eventually_true(expected: impl Display, mut condition: impl AsyncFnMut() -> bool) {
    eventually(expected, async || condition().await.then_some(())).await;
}

/// Polls on this thread until `condition` is true. Returns false if it is not within `timeout`.
pub fn poll_blocking(timeout: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !condition() {
        if start.elapsed() >= timeout {
            return false;
        }
        std::thread::sleep(MIN_POLL_INTERVAL);
    }
    true
}

/// Waits without a condition: for the schedule of a load or of faults.
pub async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_value_is_returned() {
        let mut polls = 0;
        let value = eventually("a third poll", async || {
            polls += 1;
            (polls == 3).then_some("value")
        })
        .await;
        assert_eq!((value, polls), ("value", 3));
    }

    #[tokio::test]
    #[should_panic(expected = "not within 5ms: the impossible")]
    async fn a_condition_that_never_holds_fails_with_its_name() {
        let timeout = Duration::from_millis(5);
        eventually_within(timeout, "the impossible", async || None::<()>).await;
    }

    #[test]
    fn a_blocking_poll_reports_the_timeout() {
        assert!(!poll_blocking(Duration::from_millis(5), || false));
        assert!(poll_blocking(Duration::ZERO, || true));
    }
}
