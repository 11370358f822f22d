//! The live connections of this process, by user name and by user id in the read model.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use metrics::counter;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio_util::sync::CancellationToken;

use super::frame::Frame;
use super::hub::Delivery;

/// All users who are connected to this process.
#[derive(Default)]
pub struct Audience {
    users: HashMap<Arc<str>, User>,
    /// The names of users whose id is known.
    numbered: HashMap<i64, Arc<str>>,
    /// The users whose id is not known yet.
    unknown: HashSet<Arc<str>>,
    /// The users with connections that do not receive deliveries yet.
    newcomers: HashSet<Arc<str>>,
    connections: usize,
}

struct User {
    number: Option<i64>,
    seats: Vec<Seat>,
}

/// A connection, from the point of view of the hub.
pub struct Seat {
    /// The id of the connection in this process.
    pub number: u64,
    /// The device of the connection, if the client named one.
    pub device: Option<String>,
    /// The queue of its deliveries.
    pub queue: mpsc::Sender<Delivery>,
    /// Cancelled when the same device connects again.
    pub replaced: CancellationToken,
    /// Whether it receives deliveries.
    pub has_joined: bool,
}

impl Audience {
    /// Whether there are no connections.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// The number of connections.
    pub fn connections(&self) -> usize {
        self.connections
    }

    /// The number of connected users whose id is known.
    pub fn known(&self) -> usize {
        self.numbered.len()
    }

    /// The ids of all connected users whose id is known.
    pub fn numbers(&self) -> Vec<i64> {
        self.numbered.keys().copied().collect()
    }

    /// Returns those of the users who are connected.
    pub fn among(&self, users: &[i64]) -> Vec<i64> {
        let connected = users.iter().filter(|user| self.numbered.contains_key(user));
        connected.copied().collect()
    }

    /// Adds a connection. It replaces an earlier connection of the same device. If a later
    /// connection of the device is already present, the new one is cancelled instead.
    pub fn enter(&mut self, name: &str, connection: Seat) {
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
        let is_same =
            |other: &Seat| connection.device.is_some() && other.device == connection.device;
        let is_later = |other: &Seat| is_same(other) && other.number > connection.number;
        if user.seats.iter().any(is_later) {
            connection.replaced.cancel();
            return;
        }
        let before = user.seats.len();
        for earlier in user.seats.extract_if(.., |other| is_same(other)) {
            earlier.replaced.cancel();
        }
        user.seats.push(connection);
        self.connections += user.seats.len();
        self.connections -= before;
        self.newcomers.insert(name);
    }

    /// Removes a connection.
    pub fn leave(&mut self, name: &str, connection: u64) {
        let Some(user) = self.users.get_mut(name) else {
            return;
        };
        self.connections -= user.drop_seats(|other| other.number == connection);
        if user.seats.is_empty() {
            if let Some(number) = user.number {
                self.numbered.remove(&number);
            }
            self.users.remove(name);
            self.unknown.remove(name);
            self.newcomers.remove(name);
        }
    }

    /// Returns the unresolved users: all of them, or only those with new connections.
    pub fn unknown(&self, all: bool) -> HashSet<Arc<str>> {
        if all {
            return self.unknown.clone();
        }
        let newcomers = self.newcomers.iter();
        let unresolved = newcomers.filter(|name| self.unknown.contains(*name));
        unresolved.cloned().collect()
    }

    /// Sets the id of a user, which the read model now knows.
    pub fn number(&mut self, name: &str, number: i64) {
        let Some((name, _)) = self.users.get_key_value(name) else {
            return;
        };
        let name = Arc::clone(name);
        if let Some(user) = self.users.get_mut(&name) {
            user.number = Some(number);
            // The hub may have skipped the entries that introduced the user, so these connections
            // page for themselves.
            self.connections -= user.drop_seats(|connection| connection.has_joined);
            self.unknown.remove(&name);
            self.numbered.insert(number, name);
        }
    }

    /// Subscribes new connections to all entries after this position. Users who have connected
    /// since the last lookup of ids stay pending, because a user without an id receives no
    /// deliveries.
    pub fn welcome(&mut self, position: i64, looked_up: &HashSet<Arc<str>>) {
        let users = &mut self.users;
        self.newcomers.retain(|name| {
            let Some(user) = users.get_mut(name) else {
                return false;
            };
            if user.number.is_none() && !looked_up.contains(name) {
                return true;
            }
            for connection in user
                .seats
                .iter_mut()
                .filter(|connection| !connection.has_joined)
            {
                // A new queue has room.
                connection.has_joined = connection
                    .queue
                    .try_send(Delivery::Joined(position))
                    .is_ok();
            }
            false
        });
    }

    /// Enqueues entries up to the position `to` for all connections of a user. Connections with a
    /// full queue are dropped.
    pub fn hand(&mut self, number: i64, to: i64, frames: Vec<Frame>) {
        let name = self.numbered.get(&number);
        let Some(user) = name.and_then(|name| self.users.get_mut(name)) else {
            return;
        };
        counter!("tidings_live_entries_total").increment((frames.len() * user.seats.len()) as u64);
        let frames = Arc::new(frames);
        self.connections -= user.drop_seats(|connection| {
            if !connection.has_joined {
                return false;
            }
            let delivery = Delivery::Entries(to, Arc::clone(&frames));
            match connection.queue.try_send(delivery) {
                Ok(()) => false,
                Err(TrySendError::Full(_) | TrySendError::Closed(_)) => {
                    counter!("tidings_live_slow_total").increment(1);
                    true
                }
            }
        });
    }

    /// Enqueues a frame that may be lost, for connections whose queue has more free slots than
    /// `room`.
    pub fn whisper(&self, name: &str, id: Option<u64>, frame: &Frame, room: usize) {
        let connections = self
            .users
            .get(name)
            .into_iter()
            .flat_map(|user| &user.seats);
        for connection in
            connections.filter(|connection| id.is_none_or(|id| id == connection.number))
        {
            if connection.has_joined && connection.queue.capacity() > room {
                let _ = connection.queue.try_send(Delivery::Aside(frame.clone()));
            }
        }
    }

    /// Drops all subscribed connections. They page for themselves and subscribe again.
    pub fn give_up_all(&mut self) {
        for user in self.users.values_mut() {
            self.connections -= user.drop_seats(|connection| connection.has_joined);
        }
    }

    /// Clears all user ids, because the read model was rebuilt and may have assigned others.
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
    /// Drops connections and returns their number. The session notices when its queue closes.
    fn drop_seats(&mut self, mut should_drop: impl FnMut(&Seat) -> bool) -> usize {
        let before = self.seats.len();
        self.seats.retain(|connection| !should_drop(connection));
        before - self.seats.len()
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::Receiver;

    use super::*;

    fn enter(connections: &mut Audience, name: &str, number: u64) -> Receiver<Delivery> {
        let (queue, deliveries) = mpsc::channel(4);
        let connection = Seat {
            number,
            device: None,
            queue,
            replaced: CancellationToken::new(),
            has_joined: false,
        };
        connections.enter(name, connection);
        deliveries
    }

    #[test]
    fn a_user_is_not_admitted_before_the_id_was_looked_up() {
        let mut connections = Audience::default();
        let mut ann = enter(&mut connections, "ann", 1);
        let looked_up = connections.unknown(false);
        let mut bob = enter(&mut connections, "bob", 2);
        connections.number("ann", 7);
        connections.welcome(3, &looked_up);
        assert!(matches!(ann.try_recv(), Ok(Delivery::Joined(3))));
        assert!(bob.try_recv().is_err(), "bob waits for the next lookup");
        let looked_up = connections.unknown(false);
        assert_eq!(looked_up, HashSet::from(["bob".into()]));
        connections.welcome(4, &looked_up);
        assert!(matches!(bob.try_recv(), Ok(Delivery::Joined(4))));
        assert!(connections.unknown(false).is_empty());
        assert_eq!(connections.unknown(true).len(), 1, "bob has no id yet");
        // Once he has one, he pages through the skipped entries and subscribes again.
        connections.number("bob", 8);
        assert!(matches!(
            bob.try_recv(),
            Err(mpsc::error::TryRecvError::Disconnected)
        ));
        assert_eq!((connections.connections(), connections.known()), (1, 2));
        connections.leave("bob", 2);
        connections.leave("ann", 1);
        assert!(connections.is_empty() && connections.numbers().is_empty());
        assert_eq!(connections.connections(), 0);
    }
}
