//! Single flight for idempotency keys: of several concurrent requests with the same key, the first
//! executes the command and the others wait for its result. This is an optimisation; correctness
//! does not depend on it, because the log enforces that keys are unique.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use event_log::{LogError, Receipt, ReceiptKey};
use tokio::sync::oneshot;

/// Keys in flight at once. Beyond that, requests execute unshared and the log detects duplicates.
const MAX_KEYS_IN_FLIGHT: usize = 65_536;

/// The leader's result: a receipt, or a failure of the log, which would affect the followers too.
pub(crate) type LeaderResult = Result<Arc<Receipt>, LogError>;

/// The channels of the requests that wait for a leader.
type Followers = Vec<oneshot::Sender<LeaderResult>>;

/// The keys in flight and the requests that wait for each of them.
#[derive(Default)]
pub(crate) struct SingleFlight(Mutex<HashMap<ReceiptKey, Followers>>);

/// The role of a request in a flight.
pub(crate) enum FlightRole<'a> {
    /// The first request with this key: it executes the command.
    Leader(FlightLeader<'a>),
    /// Another request with this key is in flight: wait for its result. A channel error means that
    /// the leader was rejected or disconnected, so there is no result to share.
    Follower(oneshot::Receiver<LeaderResult>),
    /// Too many keys are in flight: execute without sharing the result.
    Unshared,
}

impl SingleFlight {
    /// Joins the flight of this key, as its leader if there is none yet.
    pub(crate) fn join(&self, key: ReceiptKey) -> FlightRole<'_> {
        let mut flights = self.lock();
        if let Some(followers) = flights.get_mut(&key) {
            let (sender, receiver) = oneshot::channel();
            followers.push(sender);
            return FlightRole::Follower(receiver);
        }
        if flights.len() >= MAX_KEYS_IN_FLIGHT {
            return FlightRole::Unshared;
        }
        flights.insert(key, Vec::new());
        FlightRole::Leader(FlightLeader {
            single_flight: self,
            key,
            is_completed: false,
        })
    }

    /// Locks the map. Poisoning is ignored: every change is a single call, so a panic cannot leave
    /// the map half changed.
    fn lock(&self) -> MutexGuard<'_, HashMap<ReceiptKey, Followers>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The leader of a flight: it executes the command. Dropping it without completing, for example
/// when the client disconnects, makes the followers try again themselves.
pub(crate) struct FlightLeader<'a> {
    single_flight: &'a SingleFlight,
    key: ReceiptKey,
    is_completed: bool,
}

impl FlightLeader<'_> {
    /// Sends the result to the followers.
    pub(crate) fn complete(mut self, result: impl FnOnce() -> Result<Receipt, LogError>) {
        let followers = self
            .single_flight
            .lock()
            .remove(&self.key)
            .unwrap_or_default();
        self.is_completed = true;
        if followers.is_empty() {
            return;
        }
        let result = result().map(Arc::new);
        for sender in followers {
            // A follower that disconnected needs no result.
            let _ = sender.send(result.clone());
        }
    }
}

impl Drop for FlightLeader<'_> {
    fn drop(&mut self) {
        // After completion the entry is gone; one that is present now belongs to another leader.
        if !self.is_completed {
            self.single_flight.lock().remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::{ClientKey, UserId};

    fn key() -> ReceiptKey {
        let user = UserId::parse("ann").expect("a valid user id");
        ReceiptKey::for_send(&user, &ClientKey::parse("k").expect("a valid key"))
    }

    #[tokio::test]
    async fn followers_receive_the_leaders_result() {
        let flights = SingleFlight::default();
        let FlightRole::Leader(leader) = flights.join(key()) else {
            panic!("expected to lead: no request is in flight")
        };
        let followers: Vec<_> = (0..3)
            .map(|_| match flights.join(key()) {
                FlightRole::Follower(receiver) => receiver,
                _ => panic!("expected to follow: the leader is in flight"),
            })
            .collect();
        leader.complete(|| {
            Ok(Receipt {
                fingerprint: 1,
                position: 2,
                answer: vec![3],
            })
        });
        for receiver in followers {
            let result = receiver.await.expect("the leader has completed");
            assert_eq!(result.expect("a receipt").position, 2);
        }
        assert!(matches!(flights.join(key()), FlightRole::Leader(_)));
    }

    #[tokio::test]
    async fn the_next_request_leads_if_the_leader_has_no_result() {
        let flights = SingleFlight::default();
        let FlightRole::Leader(leader) = flights.join(key()) else {
            panic!("expected to lead: no request is in flight")
        };
        let FlightRole::Follower(receiver) = flights.join(key()) else {
            panic!("expected to follow: the leader is in flight")
        };
        drop(leader);
        assert!(receiver.await.is_err());
        assert!(matches!(flights.join(key()), FlightRole::Leader(_)));
    }
}
