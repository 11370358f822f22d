//! Reproducible randomness: every random test prints its seed and reads it from `SEED`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The seed of this run: `SEED` if it is set, otherwise taken from the clock. It is printed, so
/// that a failure can be reproduced.
pub fn seed(test: &str) -> u64 {
    let seed = match std::env::var("SEED") {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("SEED={text} is not a number")),
        Err(_) => SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(1, |d| d.as_millis() as u64),
    };
    eprintln!("{test}: SEED={seed}");
    seed
}

/// A small random number generator (splitmix64). The same seed gives the same numbers on every
/// machine.
#[derive(Debug, Clone)]
pub struct Rng(u64);

impl Rng {
    /// A generator with this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`, or 0 if `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        if n == 0 {
            0
        } else {
            (self.next_u64() % n as u64) as usize
        }
    }

    /// A number from `low` to `high`, inclusive.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next_u64() % (high - low + 1).max(1) as u64) as i64
    }

    /// True in `percent` of 100 cases.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.next_u64() % 100 < percent
    }

    /// A random element.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// Pauses for at most so many milliseconds, so that something happens at a random moment.
    pub async fn pause(&mut self, max_ms: i64) {
        eventually::pause(Duration::from_millis(self.between(0, max_ms) as u64)).await;
    }

    /// An independent generator for a task.
    pub fn fork(&mut self) -> Self {
        Self(self.next_u64())
    }
}
