//! The same key several times at the same time: the first carries the command out, the others wait
//! for its answer. A saving, not a safeguard: what makes a key unique is the log.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use event_log::{Failed, Key, Receipt};
use tokio::sync::oneshot;

/// Keys under way at once. Beyond that, everybody goes alone and the log sorts it out.
const MOST_FLIGHTS: usize = 65_536;

/// What the first got: an answer, or the failure of a machine, which would be the others' as well.
pub(crate) type Outcome = Result<Arc<Receipt>, Failed>;

type Waiting = Vec<oneshot::Sender<Outcome>>;

/// Which keys are under way, and who waits for them.
#[derive(Default)]
pub(crate) struct Flights(Mutex<HashMap<Key, Waiting>>);

/// How one joins.
pub(crate) enum Boarding<'a> {
    /// The first: go.
    First(Flight<'a>),
    /// Somebody is under way: wait for what they get. An error of the channel means that they got
    /// neither answer nor failure: they were refused, or hung up.
    Wait(oneshot::Receiver<Outcome>),
    /// Too many: go, and nobody waits for it.
    Alone,
}

impl Flights {
    pub(crate) fn board(&self, key: Key) -> Boarding<'_> {
        let mut flights = self.lock();
        if let Some(waiting) = flights.get_mut(&key) {
            let (sender, receiver) = oneshot::channel();
            waiting.push(sender);
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

    /// A panic while it was held cannot have left it half changed: every change is one call.
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to carry a command out. Dropping it, also when a client hangs up, tells those who wait
/// to try for themselves.
pub(crate) struct Flight<'a> {
    flights: &'a Flights,
    key: Key,
    landed: bool,
}

impl Flight<'_> {
    /// Gives those who wait the outcome.
    pub(crate) fn land(mut self, outcome: impl FnOnce() -> Result<Receipt, Failed>) {
        let waiting = self.flights.lock().remove(&self.key).unwrap_or_default();
        self.landed = true;
        if waiting.is_empty() {
            return;
        }
        let outcome = outcome().map(Arc::new);
        for sender in waiting {
            // Whoever has hung up needs no answer.
            let _ = sender.send(outcome.clone());
        }
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        // After landing the entry is gone, and what is there now may be another's.
        if !self.landed {
            self.flights.lock().remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::{ClientKey, UserId};

    fn key() -> Key {
        let user = UserId::parse("ann").expect("a legal user id");
        Key::send(&user, &ClientKey::parse("k").expect("a legal key"))
    }

    #[tokio::test]
    async fn those_who_come_later_get_the_first_ones_answer() {
        let flights = Flights::default();
        let Boarding::First(flight) = flights.board(key()) else {
            panic!("nobody is under way")
        };
        let waiting: Vec<_> = (0..3)
            .map(|_| match flights.board(key()) {
                Boarding::Wait(receiver) => receiver,
                _ => panic!("the first is under way"),
            })
            .collect();
        flight.land(|| {
            Ok(Receipt {
                fingerprint: 1,
                position: 2,
                answer: vec![3],
            })
        });
        for receiver in waiting {
            let outcome = receiver.await.expect("the first has landed");
            assert_eq!(outcome.expect("with an answer").position, 2);
        }
        assert!(matches!(flights.board(key()), Boarding::First(_)));
    }

    #[tokio::test]
    async fn if_the_first_gets_nothing_the_next_one_goes() {
        let flights = Flights::default();
        let Boarding::First(flight) = flights.board(key()) else {
            panic!("nobody is under way")
        };
        let Boarding::Wait(receiver) = flights.board(key()) else {
            panic!("one is under way")
        };
        drop(flight);
        assert!(receiver.await.is_err());
        assert!(matches!(flights.board(key()), Boarding::First(_)));
    }
}
