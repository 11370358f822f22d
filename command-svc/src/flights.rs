//! Single flight for idempotency keys: of several concurrent requests with the same key, the first
//! executes the command and the others wait for its result. This is an optimisation; correctness
//! does not depend on it, because the log enforces that keys are unique.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use event_log::{LogError, ReceiptKey, Receipt};
use tokio::sync::oneshot;

/// Keys in flight at once. Beyond that, requests execute unshared and the log detects duplicates.
const MOST_FLIGHTS: usize = 65_536;

/// The leader's result: a receipt, or a failure of the log, which would affect the followers too.
pub(crate) type Outcome = Result<Arc<Receipt>, LogError>;

/// The channels of the requests that wait for a leader.
type Waiting = Vec<oneshot::Sender<Outcome>>;

/// The keys in flight and the requests that wait for each of them.
#[derive(Default)]
pub(crate) struct Flights(Mutex<HashMap<ReceiptKey, Waiting>>);

/// The role of a request in a flight.
pub(crate) enum Boarding<'a> {
    /// The first request with this key: it executes the command.
    First(Flight<'a>),
    /// Another request with this key is in flight: wait for its result. A channel error means that
    /// the leader was rejected or disconnected, so there is no result to share.
    Wait(oneshot::Receiver<Outcome>),
    /// Too many keys are in flight: execute without sharing the result.
    Alone,
}

impl Flights {
    /// Joins the flight of this key, as its leader if there is none yet.
    pub(crate) fn board(&self, key: ReceiptKey) -> Boarding<'_> {
        let mut flights = self.lock();
        if let Some(followers) = flights.get_mut(&key) {
            let (sender, receiver) = oneshot::channel();
            followers.push(sender);
            return Boarding::Wait(receiver);
        }
        if flights.len() >= MOST_FLIGHTS {
            return Boarding::Alone;
        }
        flights.insert(key, Vec::new());
        Boarding::First(Flight {
            flights: self,
            key,
            landed: false,
        })
    }

    /// Locks the map. Poisoning is ignored: every change is a single call, so a panic cannot leave
    /// the map half changed.
    fn lock(&self) -> MutexGuard<'_, HashMap<ReceiptKey, Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The leader of a flight: it executes the command. Dropping it without completing, for example
/// when the client disconnects, makes the followers try again themselves.
pub(crate) struct Flight<'a> {
    flights: &'a Flights,
    key: ReceiptKey,
    landed: bool,
}

impl Flight<'_> {
    /// Sends the result to the followers.
    pub(crate) fn land(mut self, result: impl FnOnce() -> Result<Receipt, LogError>) {
        let followers = self.flights.lock().remove(&self.key).unwrap_or_default();
        self.landed = true;
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

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        // After completion the entry is gone; one that is present now belongs to another leader.
        if !self.landed {
            self.flights.lock().remove(&self.key);
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
        let flights = Flights::default();
        let Boarding::First(leader) = flights.board(key()) else {
            panic!("expected to lead: no request is in flight")
        };
        let followers: Vec<_> = (0..3)
            .map(|_| match flights.board(key()) {
                Boarding::Wait(receiver) => receiver,
                _ => panic!("expected to follow: the leader is in flight"),
            })
            .collect();
        leader.land(|| {
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
        assert!(matches!(flights.board(key()), Boarding::First(_)));
    }

    #[tokio::test]
    async fn the_next_request_leads_if_the_leader_has_no_result() {
        let flights = Flights::default();
        let Boarding::First(leader) = flights.board(key()) else {
            panic!("expected to lead: no request is in flight")
        };
        let Boarding::Wait(receiver) = flights.board(key()) else {
            panic!("expected to follow: the leader is in flight")
        };
        drop(leader);
        assert!(receiver.await.is_err());
        assert!(matches!(flights.board(key()), Boarding::First(_)));
    }
}
