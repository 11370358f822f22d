//! A circuit breaker that limits how many deliveries of a webhook are in flight.

/// The maximum number of events in flight, each of a different conversation or mailbox.
pub const EVENTS: usize = 8;

/// The maximum number of notifications in flight. They are independent, so the limit is higher.
pub const NOTIFICATIONS: usize = 32;

/// The number of consecutive failures that opens the circuit. The receiver then counts as down, and
/// one delivery at a time probes whether it is back.
const DOWN_AFTER: u32 = 8;

/// The circuit breaker of one webhook.
#[derive(Debug)]
pub struct Pace {
    at_best: usize,
    failures: u32,
}

impl Pace {
    /// Creates a closed breaker with this limit of deliveries in flight.
    pub fn of(at_best: usize) -> Self {
        Self {
            at_best,
            failures: 0,
        }
    }

    /// Returns how many deliveries may be in flight now.
    pub fn at_once(&self) -> usize {
        if self.is_down() { 1 } else { self.at_best }
    }

    /// Whether the circuit is open: the receiver seems to be down.
    pub fn is_down(&self) -> bool {
        self.failures >= DOWN_AFTER
    }

    /// Records an accepted delivery and closes the circuit. Returns whether it was open.
    pub fn accepted(&mut self) -> bool {
        let was_down = self.is_down();
        self.failures = 0;
        was_down
    }

    /// Records a failed delivery.
    pub fn failed(&mut self) {
        self.failures = self.failures.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_circuit_allows_one_delivery_until_one_is_accepted() {
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
