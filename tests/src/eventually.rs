//! Waiting for a condition, within a bound. The only pause in the tests.

use std::fmt::Display;
use std::time::{Duration, Instant};

/// How long a condition may take before a test fails. Far more than a healthy system needs, so that
/// a slow machine does not fail a test.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The longest pause between two looks.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// Looks until the answer is `Some`, and gives it; panics after [`PATIENCE`], naming `what`.
pub async fn eventually<T, F>(what: impl Display, look: F) -> T
where
    F: AsyncFnMut() -> Option<T>,
{
    within(PATIENCE, what, look).await
}

/// The same within another bound.
pub async fn within<T, F>(bound: Duration, what: impl Display, mut look: F) -> T
where
    F: AsyncFnMut() -> Option<T>,
{
    let start = Instant::now();
    let mut pause = Duration::from_millis(2);
    loop {
        if let Some(answer) = look().await {
            return answer;
        }
        assert!(start.elapsed() < bound, "{what}: not within {bound:?}");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// The same for threads without a runtime: `false` when the bound has passed.
pub fn wait_until(bound: Duration, mut look: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    loop {
        if look() {
            return true;
        }
        if start.elapsed() >= bound {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
