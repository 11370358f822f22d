//! The live connections of this process, by user name and by user id in the read model.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use metrics::counter;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio_util::sync::CancellationToken;

use super::delivery::LiveDelivery;
use super::delivery_spans::TracedPositions;
use super::frame::ServerFrame;

/// All users who are connected to this process.
#[derive(Default)]
pub struct LiveConnections {
    users: HashMap<Arc<str>, ConnectedUser>,
    /// The names of users whose id is known.
    names_by_id: HashMap<i64, Arc<str>>,
    /// The users whose id is not known yet.
    unresolved: HashSet<Arc<str>>,
    /// The users with connections that do not receive deliveries yet.
    pending: HashSet<Arc<str>>,
    connection_count: usize,
}

struct ConnectedUser {
    user_id: Option<i64>,
    connections: Vec<LiveConnection>,
}

/// A connection, from the point of view of the hub.
pub struct LiveConnection {
    /// The id of the connection in this process.
    pub id: u64,
    /// The device of the connection, if the client named one.
    pub device: Option<String>,
    /// The queue of its deliveries.
    pub queue: mpsc::Sender<LiveDelivery>,
    /// Cancelled when the same device connects again.
    pub replaced: CancellationToken,
    /// Cancelled when the user removes the device.
    pub removed: CancellationToken,
    /// Whether it receives deliveries.
    pub is_subscribed: bool,
}

impl LiveConnections {
    /// Whether there are no connections.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// The number of connections.
    pub fn connection_count(&self) -> usize {
        self.connection_count
    }

    /// The number of connected users whose id is known.
    pub fn resolved_count(&self) -> usize {
        self.names_by_id.len()
    }

    /// The ids of all connected users whose id is known.
    pub fn user_ids(&self) -> Vec<i64> {
        self.names_by_id.keys().copied().collect()
    }

    /// Returns those of the users who are connected.
    pub fn connected_of(&self, users: &[i64]) -> Vec<i64> {
        let connected = users
            .iter()
            .filter(|user| self.names_by_id.contains_key(user));
        connected.copied().collect()
    }

    /// The id of a connected user, if it is known.
    pub fn user_id(&self, name: &str) -> Option<i64> {
        self.users.get(name)?.user_id
    }

    /// Adds a connection. It replaces an earlier connection of the same device. If a later
    /// connection of the device is already present, the new one is cancelled instead.
    pub fn add(&mut self, name: &str, connection: LiveConnection) {
        let name: Arc<str> = match self.users.get_key_value(name) {
            Some((name, _)) => Arc::clone(name),
            None => name.into(),
        };
        let user = self.users.entry(Arc::clone(&name)).or_insert_with(|| {
            self.unresolved.insert(Arc::clone(&name));
            ConnectedUser {
                user_id: None,
                connections: Vec::with_capacity(1),
            }
        });
        let is_same = |other: &LiveConnection| {
            connection.device.is_some() && other.device == connection.device
        };
        let is_later = |other: &LiveConnection| is_same(other) && other.id > connection.id;
        if user.connections.iter().any(is_later) {
            connection.replaced.cancel();
            return;
        }
        let before = user.connections.len();
        for earlier in user.connections.extract_if(.., |other| is_same(other)) {
            earlier.replaced.cancel();
        }
        user.connections.push(connection);
        self.connection_count += user.connections.len();
        self.connection_count -= before;
        self.pending.insert(name);
    }

    /// Removes a connection.
    pub fn remove(&mut self, name: &str, connection: u64) {
        let Some(user) = self.users.get_mut(name) else {
            return;
        };
        self.connection_count -= user.drop_connections(|other| other.id == connection);
        if user.connections.is_empty() {
            if let Some(id) = user.user_id {
                self.names_by_id.remove(&id);
            }
            self.users.remove(name);
            self.unresolved.remove(name);
            self.pending.remove(name);
        }
    }

    /// Ends the connections of a device that its user has removed.
    pub fn end_device(&self, name: &str, device: &str) {
        let user = self.users.get(name).into_iter();
        let connections = user.flat_map(|user| &user.connections);
        let of_device = |other: &&LiveConnection| other.device.as_deref() == Some(device);
        for connection in connections.filter(of_device) {
            connection.removed.cancel();
        }
    }

    /// Returns the unresolved users: all of them, or only those with new connections.
    pub fn unresolved(&self, all: bool) -> HashSet<Arc<str>> {
        if all {
            return self.unresolved.clone();
        }
        let newcomers = self.pending.iter();
        let unresolved = newcomers.filter(|name| self.unresolved.contains(*name));
        unresolved.cloned().collect()
    }

    /// Sets the id of a user, which the read model now knows.
    pub fn set_user_id(&mut self, name: &str, id: i64) {
        let Some((name, _)) = self.users.get_key_value(name) else {
            return;
        };
        let name = Arc::clone(name);
        if let Some(user) = self.users.get_mut(&name) {
            user.user_id = Some(id);
            // The hub may have skipped the entries that introduced the user, so these connections
            // page for themselves.
            self.connection_count -= user.drop_connections(|connection| connection.is_subscribed);
            self.unresolved.remove(&name);
            self.names_by_id.insert(id, name);
        }
    }

    /// Subscribes new connections to all entries after this position. Users who have connected
    /// since the last lookup of ids stay pending, because a user without an id receives no
    /// deliveries.
    pub fn admit_pending(&mut self, position: i64, looked_up: &HashSet<Arc<str>>) {
        let users = &mut self.users;
        self.pending.retain(|name| {
            let Some(user) = users.get_mut(name) else {
                return false;
            };
            if user.user_id.is_none() && !looked_up.contains(name) {
                return true;
            }
            for connection in user
                .connections
                .iter_mut()
                .filter(|connection| !connection.is_subscribed)
            {
                // A new queue has room.
                connection.is_subscribed = connection
                    .queue
                    .try_send(LiveDelivery::Subscribed(position))
                    .is_ok();
            }
            false
        });
    }

    /// Enqueues entries up to the position `to` for all connections of a user. Connections with a
    /// full queue are dropped.
    pub fn enqueue(
        &mut self,
        id: i64,
        to: i64,
        frames: Vec<ServerFrame>,
        traced: Option<&TracedPositions>,
    ) {
        let name = self.names_by_id.get(&id);
        let Some(user) = name.and_then(|name| self.users.get_mut(name)) else {
            return;
        };
        counter!("tidings_live_entries_total")
            .increment((frames.len() * user.connections.len()) as u64);
        let frames = Arc::new(frames);
        self.connection_count -= user.drop_connections(|connection| {
            if !connection.is_subscribed {
                return false;
            }
            let delivery = LiveDelivery::Entries(to, Arc::clone(&frames), traced.cloned());
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
    /// `reserved`.
    pub fn send_best_effort(
        &self,
        name: &str,
        id: Option<u64>,
        frame: &ServerFrame,
        reserved: usize,
    ) {
        let connections = self
            .users
            .get(name)
            .into_iter()
            .flat_map(|user| &user.connections);
        for connection in connections.filter(|connection| id.is_none_or(|id| id == connection.id)) {
            if connection.is_subscribed && connection.queue.capacity() > reserved {
                let _ = connection
                    .queue
                    .try_send(LiveDelivery::Ephemeral(frame.clone()));
            }
        }
    }

    /// Drops all subscribed connections. They page for themselves and subscribe again.
    pub fn drop_all(&mut self) {
        for user in self.users.values_mut() {
            self.connection_count -= user.drop_connections(|connection| connection.is_subscribed);
        }
    }

    /// Clears all user ids, because the read model was rebuilt and may have assigned others.
    pub fn clear_user_ids(&mut self) {
        self.drop_all();
        for (_, name) in self.names_by_id.drain() {
            if let Some(user) = self.users.get_mut(&name) {
                user.user_id = None;
            }
            self.unresolved.insert(name);
        }
    }
}

impl ConnectedUser {
    /// Drops connections and returns their number. The session notices when its queue closes.
    fn drop_connections(&mut self, mut should_drop: impl FnMut(&LiveConnection) -> bool) -> usize {
        let before = self.connections.len();
        self.connections
            .retain(|connection| !should_drop(connection));
        before - self.connections.len()
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::Receiver;

    use super::*;

    fn connect(connections: &mut LiveConnections, name: &str, id: u64) -> Receiver<LiveDelivery> {
        let (queue, deliveries) = mpsc::channel(4);
        let connection = LiveConnection {
            id,
            device: None,
            queue,
            replaced: CancellationToken::new(),
            removed: CancellationToken::new(),
            is_subscribed: false,
        };
        connections.add(name, connection);
        deliveries
    }

    #[test]
    fn a_user_is_not_admitted_before_the_id_was_looked_up() {
        let mut connections = LiveConnections::default();
        let mut ann = connect(&mut connections, "ann", 1);
        let looked_up = connections.unresolved(false);
        let mut bob = connect(&mut connections, "bob", 2);
        connections.set_user_id("ann", 7);
        connections.admit_pending(3, &looked_up);
        assert!(matches!(ann.try_recv(), Ok(LiveDelivery::Subscribed(3))));
        assert!(bob.try_recv().is_err(), "bob waits for the next lookup");
        let looked_up = connections.unresolved(false);
        assert_eq!(looked_up, HashSet::from(["bob".into()]));
        connections.admit_pending(4, &looked_up);
        assert!(matches!(bob.try_recv(), Ok(LiveDelivery::Subscribed(4))));
        assert!(connections.unresolved(false).is_empty());
        assert_eq!(connections.unresolved(true).len(), 1, "bob has no id yet");
        // Once he has one, he pages through the skipped entries and subscribes again.
        connections.set_user_id("bob", 8);
        assert!(matches!(
            bob.try_recv(),
            Err(mpsc::error::TryRecvError::Disconnected)
        ));
        assert_eq!(
            (connections.connection_count(), connections.resolved_count()),
            (1, 2)
        );
        connections.remove("bob", 2);
        connections.remove("ann", 1);
        assert!(connections.is_empty() && connections.user_ids().is_empty());
        assert_eq!(connections.connection_count(), 0);
    }
}
