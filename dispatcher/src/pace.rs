//! How many deliveries of a webhook are under way at the same time.

/// Events under way while all is well: of as many conversations.
pub const EVENTS: usize = 8;

/// Notifications under way while all is well. Each stands for itself, so more of them can be.
pub const NOTIFICATIONS: usize = 32;

/// After so many failures in a row the receiver is taken to be down: one delivery at a time asks whether it
/// is back.
const DOWN_AFTER: u32 = 8;

/// Of one webhook.
#[derive(Debug)]
pub struct Pace {
    at_best: usize,
    failures: u32,
}

impl Pace {
    /// So many at the same time while all is well.
    pub fn of(at_best: usize) -> Self {
        Self {
            at_best,
            failures: 0,
        }
    }

    /// How many may be under way.
    pub fn at_once(&self) -> usize {
        if self.is_down() { 1 } else { self.at_best }
    }

    /// Whether the receiver seems to be down.
    pub fn is_down(&self) -> bool {
        self.failures >= DOWN_AFTER
    }

    /// One was accepted. Answers whether the receiver seemed to be down until now.
    pub fn accepted(&mut self) -> bool {
        let was_down = self.is_down();
        self.failures = 0;
        was_down
    }

    /// One was not.
    pub fn failed(&mut self) {
        self.failures = self.failures.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_that_is_down_is_asked_one_by_one_until_it_is_back() {
        let mut pace = Pace::of(EVENTS);
        for _ in 0..DOWN_AFTER {
            assert_eq!(pace.at_once(), EVENTS);
            pace.failed();
        }
        assert_eq!(pace.at_once(), 1);
        assert!(pace.accepted());
        assert!(!pace.accepted());
        assert_eq!(pace.at_once(), EVENTS);
    }
}
