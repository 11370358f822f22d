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

    fn open_breaker() -> CircuitBreaker {
        let mut breaker = CircuitBreaker::new(MAX_EVENTS_IN_FLIGHT);
        for _ in 0..FAILURE_LIMIT {
            breaker.record_failure();
        }
        breaker
    }

    #[test]
    fn an_open_circuit_allows_one_delivery_until_one_is_accepted() {
        let mut breaker = CircuitBreaker::new(MAX_EVENTS_IN_FLIGHT);
        for _ in 0..FAILURE_LIMIT {
            assert!(!breaker.is_open());
            assert_eq!(breaker.in_flight_limit(), MAX_EVENTS_IN_FLIGHT);
            breaker.record_failure();
        }
        assert!(breaker.is_open());
        assert_eq!(breaker.in_flight_limit(), 1);
        assert!(breaker.record_success());
        assert!(!breaker.record_success());
        assert_eq!(breaker.in_flight_limit(), MAX_EVENTS_IN_FLIGHT);
    }

    #[test]
    fn only_consecutive_failures_open_the_circuit() {
        let mut breaker = CircuitBreaker::new(MAX_NOTIFICATIONS_IN_FLIGHT);
        for _ in 0..10 {
            for _ in 0..FAILURE_LIMIT - 1 {
                breaker.record_failure();
            }
            assert!(!breaker.record_success());
        }
        assert_eq!(breaker.in_flight_limit(), MAX_NOTIFICATIONS_IN_FLIGHT);
    }

    #[test]
    fn a_failed_probe_keeps_the_circuit_open() {
        let mut breaker = open_breaker();
        for _ in 0..10 {
            breaker.record_failure();
            assert_eq!(breaker.in_flight_limit(), 1);
        }
        // One accepted delivery is enough, however many have failed.
        assert!(breaker.record_success());
        assert!(!breaker.is_open());
    }

    #[test]
    fn the_count_of_failures_does_not_overflow() {
        let mut breaker = CircuitBreaker {
            max_in_flight: 3,
            failures: u32::MAX,
        };
        breaker.record_failure();
        assert!(breaker.is_open());
    }
}
