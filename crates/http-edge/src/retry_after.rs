//! Random retry delays. Clients that are rejected at the same time with the same delay would all
//! return at the same time.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// A random delay between `min` and `max`, in whole milliseconds above `min`.
pub fn jitter(min: Duration, max: Duration) -> Duration {
    // Every `RandomState` has different keys, which is random enough and needs no further crate.
    let random = RandomState::new().hash_one(min);
    let range = max.saturating_sub(min).as_millis() as u64;
    min + Duration::from_millis(random % (range + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_cover_the_whole_range() {
        let (min, max) = (Duration::from_secs(5), Duration::from_secs(30));
        let delays: Vec<_> = (0..2_000).map(|_| jitter(min, max)).collect();
        assert!(delays.iter().all(|delay| (min..=max).contains(delay)));
        for second in 5..30 {
            let count = delays
                .iter()
                .filter(|delay| delay.as_secs() == second)
                .count();
            assert!((20..200).contains(&count), "{count} in second {second}");
        }
        assert_eq!(jitter(min, min), min);
    }
}
