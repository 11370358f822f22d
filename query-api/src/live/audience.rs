//! Who is connected: users by name and by their number in the read models, and their connections.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use metrics::counter;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio_util::sync::CancellationToken;

use super::frame::Frame;
use super::hub::Delivery;

/// Everybody who is connected to this process.
#[derive(Default)]
pub struct Audience {
    users: HashMap<Arc<str>, User>,
    /// Those whom the read models know.
    numbered: HashMap<i64, Arc<str>>,
    /// Those whom they do not know yet.
    unknown: HashSet<Arc<str>>,
    /// Whose connections have not all been let in.
    newcomers: HashSet<Arc<str>>,
    connections: usize,
}

struct User {
    number: Option<i64>,
    seats: Vec<Seat>,
}

/// A connection, as the hub has it.
pub struct Seat {
    /// Which one.
    pub number: u64,
    /// The device that it named.
    pub device: Option<String>,
    /// Its deliveries.
    pub queue: mpsc::Sender<Delivery>,
    /// The same device has connected again.
    pub replaced: CancellationToken,
    /// Whether it is delivered to.
    pub has_joined: bool,
}

impl Audience {
    /// Whether nobody is connected.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// How many connections there are.
    pub fn connections(&self) -> usize {
        self.connections
    }

    /// How many users are connected whom the read models know.
    pub fn known(&self) -> usize {
        self.numbered.len()
    }

    /// The numbers of all of those.
    pub fn numbers(&self) -> Vec<i64> {
        self.numbered.keys().copied().collect()
    }

    /// Those of these who are connected.
    pub fn among(&self, users: &[i64]) -> Vec<i64> {
        let are_here = users.iter().filter(|user| self.numbered.contains_key(user));
        are_here.copied().collect()
    }

    /// Takes a place. An earlier connection of the same device loses its own; one that comes back for a
    /// place after a later connection has taken one gets none.
    pub fn enter(&mut self, name: &str, seat: Seat) {
        let name: Arc<str> = match self.users.get_key_value(name) {
            Some((name, _)) => Arc::clone(name),
            None => name.into(),
        };
        let user = self.users.entry(Arc::clone(&name)).or_insert_with(|| {
            self.unknown.insert(Arc::clone(&name));
            User {
                number: None,
                seats: Vec::with_capacity(1),
            }
        });
        let is_same = |other: &Seat| seat.device.is_some() && other.device == seat.device;
        let is_later = |other: &Seat| is_same(other) && other.number > seat.number;
        if user.seats.iter().any(is_later) {
            seat.replaced.cancel();
            return;
        }
        let before = user.seats.len();
        for earlier in user.seats.extract_if(.., |other| is_same(other)) {
            earlier.replaced.cancel();
        }
        user.seats.push(seat);
        self.connections += user.seats.len();
        self.connections -= before;
        self.newcomers.insert(name);
    }

    /// Gives a place up.
    pub fn leave(&mut self, name: &str, seat: u64) {
        let Some(user) = self.users.get_mut(name) else {
            return;
        };
        self.connections -= user.drop_seats(|it| it.number == seat);
        if user.seats.is_empty() {
            if let Some(number) = user.number {
                self.numbered.remove(&number);
            }
            self.users.remove(name);
            self.unknown.remove(name);
            self.newcomers.remove(name);
        }
    }

    /// Those who have come and are not known, or everybody who is not known.
    pub fn unknown(&self, all: bool) -> HashSet<Arc<str>> {
        if all {
            return self.unknown.clone();
        }
        let newcomers = self.newcomers.iter();
        let wanted = newcomers.filter(|name| self.unknown.contains(*name));
        wanted.cloned().collect()
    }

    /// The read models know somebody.
    pub fn number(&mut self, name: &str, number: i64) {
        let Some((name, _)) = self.users.get_key_value(name) else {
            return;
        };
        let name = Arc::clone(name);
        if let Some(user) = self.users.get_mut(&name) {
            user.number = Some(number);
            // What made them known may have been passed over: they page for themselves.
            self.connections -= user.drop_seats(|seat| seat.has_joined);
            self.unknown.remove(&name);
            self.numbered.insert(number, name);
        }
    }

    /// Lets in those who have come: they are delivered everything after this position. Not those who have
    /// come since numbers were looked up: somebody without a number is not delivered to.
    pub fn welcome(&mut self, position: i64, looked_up: &HashSet<Arc<str>>) {
        let users = &mut self.users;
        self.newcomers.retain(|name| {
            let Some(user) = users.get_mut(name) else {
                return false;
            };
            if user.number.is_none() && !looked_up.contains(name) {
                return true;
            }
            for seat in user.seats.iter_mut().filter(|seat| !seat.has_joined) {
                // A queue that has just been made has room.
                seat.has_joined = seat.queue.try_send(Delivery::Joined(position)).is_ok();
            }
            false
        });
    }

    /// Hands entries to a user's connections.
    pub fn hand(&mut self, number: i64, to: i64, frames: Vec<Frame>) {
        let name = self.numbered.get(&number);
        let Some(user) = name.and_then(|name| self.users.get_mut(name)) else {
            return;
        };
        counter!("tidings_live_entries_total").increment((frames.len() * user.seats.len()) as u64);
        let frames = Arc::new(frames);
        self.connections -= user.drop_seats(|seat| {
            if !seat.has_joined {
                return false;
            }
            let delivery = Delivery::Entries(to, Arc::clone(&frames));
            match seat.queue.try_send(delivery) {
                Ok(()) => false,
                Err(TrySendError::Full(_) | TrySendError::Closed(_)) => {
                    counter!("tidings_live_slow_total").increment(1);
                    true
                }
            }
        });
    }

    /// Hands something that may be lost to those connections that leave this much room.
    pub fn whisper(&self, name: &str, connection: Option<u64>, frame: &Frame, room: usize) {
        let seats = self
            .users
            .get(name)
            .into_iter()
            .flat_map(|user| &user.seats);
        for seat in seats.filter(|seat| connection.is_none_or(|it| it == seat.number)) {
            if seat.has_joined && seat.queue.capacity() > room {
                let _ = seat.queue.try_send(Delivery::Aside(frame.clone()));
            }
        }
    }

    /// Gives everybody up whom it delivers to: they page for themselves, and join again.
    pub fn give_up_all(&mut self) {
        for user in self.users.values_mut() {
            self.connections -= user.drop_seats(|seat| seat.has_joined);
        }
    }

    /// The read models have other numbers now.
    pub fn forget_numbers(&mut self) {
        self.give_up_all();
        for (_, name) in self.numbered.drain() {
            if let Some(user) = self.users.get_mut(&name) {
                user.number = None;
            }
            self.unknown.insert(name);
        }
    }
}

impl User {
    /// How many that were. Whoever is given up has their place for as long as they hold it.
    fn drop_seats(&mut self, mut which: impl FnMut(&Seat) -> bool) -> usize {
        let before = self.seats.len();
        self.seats.retain(|seat| !which(seat));
        before - self.seats.len()
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::Receiver;

    use super::*;

    fn enter(audience: &mut Audience, name: &str, number: u64) -> Receiver<Delivery> {
        let (queue, deliveries) = mpsc::channel(4);
        let seat = Seat {
            number,
            device: None,
            queue,
            replaced: CancellationToken::new(),
            has_joined: false,
        };
        audience.enter(name, seat);
        deliveries
    }

    #[test]
    fn nobody_is_let_in_before_their_number_was_looked_up() {
        let mut audience = Audience::default();
        let mut ann = enter(&mut audience, "ann", 1);
        let looked_up = audience.unknown(false);
        let mut bob = enter(&mut audience, "bob", 2);
        audience.number("ann", 7);
        audience.welcome(3, &looked_up);
        assert!(matches!(ann.try_recv(), Ok(Delivery::Joined(3))));
        assert!(bob.try_recv().is_err(), "bob waits for the next look");
        let looked_up = audience.unknown(false);
        assert_eq!(looked_up, HashSet::from(["bob".into()]));
        audience.welcome(4, &looked_up);
        assert!(matches!(bob.try_recv(), Ok(Delivery::Joined(4))));
        assert!(audience.unknown(false).is_empty());
        assert_eq!(audience.unknown(true).len(), 1, "bob has no number yet");
        // Once he has, he pages what was passed over, and comes again.
        audience.number("bob", 8);
        assert!(matches!(
            bob.try_recv(),
            Err(mpsc::error::TryRecvError::Disconnected)
        ));
        assert_eq!((audience.connections(), audience.known()), (1, 2));
        audience.leave("bob", 2);
        audience.leave("ann", 1);
        assert!(audience.is_empty() && audience.numbers().is_empty());
        assert_eq!(audience.connections(), 0);
    }
}
