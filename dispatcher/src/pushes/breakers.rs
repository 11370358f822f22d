//! How many attempts run at a time, by provider: one that is down must not hold up the others.

use connectivity::OutageLog;
use domain::mailbox::push_event::PushProvider;

use crate::circuit_breaker::{CircuitBreaker, MAX_NOTIFICATIONS_IN_FLIGHT};

/// The state of one provider.
pub struct ProviderState {
    provider: PushProvider,
    /// Whether it seems to be down.
    pub breaker: CircuitBreaker,
    /// The attempts that run.
    pub in_flight: usize,
    /// Whether it accepts pushes, for the log.
    pub outages: OutageLog,
}

/// The states of all providers.
pub struct ProviderStates([ProviderState; PushProvider::ALL.len()]);

impl ProviderStates {
    /// Nothing runs, and no provider is known to be down.
    pub fn new() -> Self {
        Self(PushProvider::ALL.map(|provider| ProviderState {
            provider,
            breaker: CircuitBreaker::new(MAX_NOTIFICATIONS_IN_FLIGHT),
            in_flight: 0,
            outages: OutageLog::new(match provider {
                PushProvider::Apns => "Pushing through APNs",
                PushProvider::Fcm => "Pushing through FCM",
                PushProvider::Webpush => "Pushing to browsers",
            }),
        }))
    }

    /// The state of a provider.
    pub fn get_mut(&mut self, provider: PushProvider) -> &mut ProviderState {
        &mut self.0[provider as usize]
    }

    /// The providers through which no attempt can start now.
    pub fn busy(&self) -> Vec<&'static str> {
        let busy = self.0.iter().filter(|state| !state.has_room());
        busy.map(|state| state.provider.as_str()).collect()
    }
}

impl ProviderState {
    /// Whether an attempt can start.
    pub fn has_room(&self) -> bool {
        self.in_flight < self.breaker.in_flight_limit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_that_is_down_gets_one_attempt_at_a_time_and_others_go_on() {
        let mut states = ProviderStates::new();
        for provider in PushProvider::ALL {
            assert_eq!(states.get_mut(provider).provider, provider);
        }
        assert!(states.busy().is_empty());
        let apns = states.get_mut(PushProvider::Apns);
        while !apns.breaker.is_open() {
            apns.breaker.record_failure();
        }
        apns.in_flight = 1;
        assert_eq!(states.busy(), ["apns"]);
        states.get_mut(PushProvider::Apns).in_flight = 0;
        assert!(states.busy().is_empty());
        states.get_mut(PushProvider::Fcm).in_flight = MAX_NOTIFICATIONS_IN_FLIGHT;
        assert_eq!(states.busy(), ["fcm"]);
    }
}
