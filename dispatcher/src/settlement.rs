//! What follows from the outcome of a delivery attempt, for events and notifications alike.

use domain::time::Timestamp;

use crate::backoff;
use crate::circuit_breaker::CircuitBreaker;
use crate::clock::now;
use crate::sender::DeliveryOutcome;

/// What follows from the outcome of a delivery attempt.
#[derive(Debug, PartialEq, Eq)]
pub enum Settlement {
    /// The delivery is done.
    Delivered {
        /// Whether the receiver seemed to be down before.
        has_recovered: bool,
    },
    /// The delivery is attempted again.
    Retry {
        /// When it is attempted again.
        due_at: Timestamp,
    },
    /// This was the last attempt; the delivery is parked.
    Parked {
        /// The reason why it failed.
        error: String,
    },
    /// The webhook is switched off, because its receiver is gone.
    Gone,
}

/// Settles a delivery after a number of attempts, including this one, and records the outcome in
/// the circuit breaker. `position` is the log position of the delivery; it spreads the retries.
pub fn settle(
    outcome: DeliveryOutcome,
    attempts: u32,
    max_attempts: u32,
    position: i64,
    breaker: &mut CircuitBreaker,
) -> Settlement {
    match outcome {
        DeliveryOutcome::Accepted => Settlement::Delivered {
            has_recovered: breaker.record_success(),
        },
        DeliveryOutcome::Gone => Settlement::Gone,
        DeliveryOutcome::Failed {
            reason,
            retry_after,
        } => {
            breaker.record_failure();
            if attempts >= max_attempts {
                Settlement::Parked { error: reason }
            } else {
                let spread = position.cast_unsigned();
                let due_at = backoff::next_attempt_at(now(), attempts, retry_after, spread);
                Settlement::Retry { due_at }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed() -> DeliveryOutcome {
        DeliveryOutcome::Failed {
            reason: "refused".to_owned(),
            retry_after: None,
        }
    }

    #[test]
    fn a_failed_delivery_is_retried_until_the_last_attempt() {
        let mut breaker = CircuitBreaker::new(2);
        let before = now();
        let first = settle(failed(), 1, 2, 7, &mut breaker);
        assert!(matches!(first, Settlement::Retry { due_at } if due_at > before));
        let last = settle(failed(), 2, 2, 7, &mut breaker);
        let error = "refused".to_owned();
        assert_eq!(last, Settlement::Parked { error });
    }

    #[test]
    fn the_first_accepted_delivery_after_many_failures_reports_the_recovery() {
        let mut breaker = CircuitBreaker::new(2);
        while !breaker.is_open() {
            settle(failed(), 1, 2, 7, &mut breaker);
        }
        for has_recovered in [true, false] {
            let settlement = settle(DeliveryOutcome::Accepted, 1, 2, 7, &mut breaker);
            assert_eq!(settlement, Settlement::Delivered { has_recovered });
        }
    }
}
