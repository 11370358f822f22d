//! When to come back. Clients that are turned away together and told the same would return together.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// A wait between these two, another one each time.
pub fn spread(least: Duration, most: Duration) -> Duration {
    // Every `RandomState` has other keys: as random as it has to be, without a crate for it.
    let random = RandomState::new().hash_one(least);
    let room = most.saturating_sub(least).as_millis() as u64;
    least + Duration::from_millis(random % (room + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_spread_over_the_whole_time() {
        let (least, most) = (Duration::from_secs(5), Duration::from_secs(30));
        let waits: Vec<_> = (0..2_000).map(|_| spread(least, most)).collect();
        assert!(waits.iter().all(|wait| (least..=most).contains(wait)));
        for second in 5..30 {
            let here = waits.iter().filter(|wait| wait.as_secs() == second).count();
            assert!((20..200).contains(&here), "{here} in second {second}");
        }
        assert_eq!(spread(least, least), least);
    }
}
