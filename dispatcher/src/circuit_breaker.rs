//! A circuit breaker that limits how many deliveries of a webhook are in flight.

/// The maximum number of events in flight, each of a different conversation or mailbox.
pub const MAX_EVENTS_IN_FLIGHT: usize = 8;

/// The maximum number of notifications in flight. They are independent, so the limit is higher.
pub const MAX_NOTIFICATIONS_IN_FLIGHT: usize = 32;

/// The number of consecutive failures that opens the circuit. The receiver then counts as down, and
/// one delivery at a time probes whether it is back.
const FAILURE_LIMIT: u32 = 8;

/// The circuit breaker of one webhook.
#[derive(Debug)]
pub struct CircuitBreaker {
    max_in_flight: usize,
    failures: u32,
}

impl CircuitBreaker {
    /// Creates a closed breaker with this limit of deliveries in flight.
    pub fn new(max_in_flight: usize) -> Self {
        Self {
            max_in_flight,
            failures: 0,
        }
    }

    /// Returns how many deliveries may be in flight now.
    pub fn in_flight_limit(&self) -> usize {
        if self.is_open() {
            1
        } else {
            self.max_in_flight
        }
    }

    /// Whether the circuit is open: the receiver seems to be down.
    pub fn is_open(&self) -> bool {
        self.failures >= FAILURE_LIMIT
    }

    /// Records an accepted delivery and closes the circuit. Returns whether it was open.
    pub fn record_success(&mut self) -> bool {
        let was_down = self.is_open();
        self.failures = 0;
        was_down
    }

    /// Records a failed delivery.
    pub fn record_failure(&mut self) {
        self.failures = self.failures.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_circuit_allows_one_delivery_until_one_is_accepted() {
        let mut pace = CircuitBreaker::new(MAX_EVENTS_IN_FLIGHT);
        for _ in 0..FAILURE_LIMIT {
            assert_eq!(pace.in_flight_limit(), MAX_EVENTS_IN_FLIGHT);
            pace.record_failure();
        }
        assert_eq!(pace.in_flight_limit(), 1);
        assert!(pace.record_success());
        assert!(!pace.record_success());
        assert_eq!(pace.in_flight_limit(), MAX_EVENTS_IN_FLIGHT);
    }
}
