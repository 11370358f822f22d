//! The presence state of one process: who is online, according to its own connections and to the
//! messages of the other gateways.
//!
//! A user goes online immediately, but offline only some seconds after the last connection has
//! closed, so that a phone that switches networks does not flicker. When a gateway falls silent,
//! its users go offline with it.
//!
//! Pure: it takes the current time and returns presence changes and payloads for the other
//! gateways.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use crate::message::{GatewayMessage, GatewayPayload};

/// How long a user stays online after their last connection has closed.
pub const OFFLINE_GRACE_PERIOD: Duration = Duration::from_secs(5);

/// How often a gateway sends a heartbeat.
pub const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(2);

/// A gateway that has been silent for this long counts as gone.
pub const GATEWAY_TIMEOUT: Duration = Duration::from_secs(6);

/// A user went online or offline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresenceChange {
    /// The user.
    pub user: String,
    /// Whether the user is online now.
    pub online: bool,
}

/// What one gateway knows about who is online.
#[derive(Debug, Default)]
pub struct Presence {
    /// The number of connections to this gateway, by user.
    local: HashMap<String, usize>,
    /// When the grace period ends, by user whose last connection to this gateway has closed.
    grace_deadlines: HashMap<String, Instant>,
    /// The other gateways, by id.
    remote: HashMap<String, Gateway>,
}

/// What is known about another gateway.
#[derive(Debug)]
struct Gateway {
    last_heard_at: Instant,
    /// The users online there.
    users: HashSet<String>,
    /// The part of an incomplete snapshot received so far.
    partial_snapshot: HashSet<String>,
}

impl Presence {
    /// Whether a user is online at any gateway.
    pub fn is_online(&self, user: &str) -> bool {
        self.is_local(user)
            || self
                .remote
                .values()
                .any(|gateway| gateway.users.contains(user))
    }

    fn is_local(&self, user: &str) -> bool {
        self.local.contains_key(user) || self.grace_deadlines.contains_key(user)
    }

    /// All users who are online at this gateway.
    pub fn local_users(&self) -> Vec<String> {
        self.local
            .keys()
            .chain(self.grace_deadlines.keys())
            .cloned()
            .collect()
    }

    /// All users who are online at any gateway. A user may occur more than once.
    pub fn online_users(&self) -> Vec<String> {
        let elsewhere = self
            .remote
            .values()
            .flat_map(|gateway| gateway.users.iter().cloned());
        self.local_users().into_iter().chain(elsewhere).collect()
    }

    /// Restarts the timeout of every gateway. Call it when this process could not receive messages
    /// until `now`, so that the silence of the others means nothing.
    pub fn reset_timeouts(&mut self, now: Instant) {
        for gateway in self.remote.values_mut() {
            gateway.last_heard_at = now;
        }
    }

    /// Whether a gateway is known and has not timed out.
    pub fn is_known(&self, gateway: &str) -> bool {
        self.remote.contains_key(gateway)
    }

    /// Records a new connection to this gateway. Returns the payload for the other gateways and the
    /// presence change, if any.
    pub fn add_connection(
        &mut self,
        user: &str,
    ) -> (Option<GatewayPayload>, Option<PresenceChange>) {
        let was_online = self.is_online(user);
        let was_here = self.is_local(user);
        self.grace_deadlines.remove(user);
        *self.local.entry(user.to_owned()).or_default() += 1;
        let payload = (!was_here).then(|| GatewayPayload::Online(user.to_owned()));
        (payload, presence_change(user, was_online, true))
    }

    /// Records that a connection to this gateway has closed at `now`.
    pub fn remove_connection(&mut self, user: &str, now: Instant) {
        let Some(count) = self.local.get_mut(user) else {
            return;
        };
        *count -= 1;
        if *count == 0 {
            self.local.remove(user);
            self.grace_deadlines
                .insert(user.to_owned(), now + OFFLINE_GRACE_PERIOD);
        }
    }

    /// Applies a message from another gateway. Returns the presence changes.
    pub fn apply(&mut self, message: GatewayMessage, now: Instant) -> Vec<PresenceChange> {
        let GatewayMessage {
            gateway,
            payload: said,
        } = message;
        let known = self
            .remote
            .entry(gateway.clone())
            .or_insert_with(|| Gateway::new(now));
        known.last_heard_at = now;
        let (online, offline) = match said {
            GatewayPayload::Online(user) => (vec![user], Vec::new()),
            GatewayPayload::Offline(user) => (Vec::new(), vec![user]),
            GatewayPayload::Snapshot { users, more } => {
                known.partial_snapshot.extend(users);
                if more {
                    return Vec::new();
                }
                let all = std::mem::take(&mut known.partial_snapshot);
                let missing = known.users.difference(&all).cloned().collect();
                (all.into_iter().collect(), missing)
            }
            GatewayPayload::Join
            | GatewayPayload::Heartbeat
            | GatewayPayload::Typing { .. }
            | GatewayPayload::TypingStopped { .. } => return Vec::new(),
        };
        self.update_remote(&gateway, online, offline)
    }

    /// Expires grace periods and silent gateways. Returns the payloads for the other gateways and
    /// the presence changes.
    pub fn expire(&mut self, now: Instant) -> (Vec<GatewayPayload>, Vec<PresenceChange>) {
        let (mut payloads, mut changes) = (Vec::new(), Vec::new());
        let expired: Vec<String> = self
            .grace_deadlines
            .iter()
            .filter(|(_, at)| **at <= now)
            .map(|(user, _)| user.clone())
            .collect();
        for user in expired {
            self.grace_deadlines.remove(&user);
            changes.extend(presence_change(&user, true, self.is_online(&user)));
            payloads.push(GatewayPayload::Offline(user));
        }
        let silent: Vec<String> = self
            .remote
            .iter()
            .filter(|(_, gateway)| now.duration_since(gateway.last_heard_at) >= GATEWAY_TIMEOUT)
            .map(|(name, _)| name.clone())
            .collect();
        for gateway in silent {
            let users = self.remote.remove(&gateway).map(|gateway| gateway.users);
            let users = users.into_iter().flatten();
            changes.extend(
                users.filter_map(|user| presence_change(&user, true, self.is_online(&user))),
            );
        }
        (payloads, changes)
    }

    /// Updates the online users of another gateway and returns the presence changes.
    fn update_remote(
        &mut self,
        gateway: &str,
        online: Vec<String>,
        offline: Vec<String>,
    ) -> Vec<PresenceChange> {
        let mut changes = Vec::new();
        for (user, now) in online
            .into_iter()
            .map(|user| (user, true))
            .chain(offline.into_iter().map(|user| (user, false)))
        {
            let before = self.is_online(&user);
            if let Some(known) = self.remote.get_mut(gateway) {
                if now {
                    known.users.insert(user.clone());
                } else {
                    known.users.remove(&user);
                }
            }
            changes.extend(presence_change(&user, before, self.is_online(&user)));
        }
        changes
    }
}

impl Gateway {
    fn new(now: Instant) -> Self {
        Self {
            last_heard_at: now,
            users: HashSet::new(),
            partial_snapshot: HashSet::new(),
        }
    }
}

/// The presence change of a user, if the two states differ.
fn presence_change(user: &str, before: bool, now: bool) -> Option<PresenceChange> {
    (before != now).then(|| PresenceChange {
        user: user.to_owned(),
        online: now,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(gateway: &str, said: GatewayPayload) -> GatewayMessage {
        GatewayMessage {
            gateway: gateway.to_owned(),
            payload: said,
        }
    }

    fn snapshot(users: &[&str], more: bool) -> GatewayPayload {
        GatewayPayload::Snapshot {
            users: users.iter().map(|user| (*user).to_owned()).collect(),
            more,
        }
    }

    fn change_to(user: &str, online: bool) -> PresenceChange {
        PresenceChange {
            user: user.to_owned(),
            online,
        }
    }

    #[test]
    fn a_user_who_reconnects_within_the_grace_period_stays_online() {
        let mut presence = Presence::default();
        let now = Instant::now();
        assert_eq!(
            presence.add_connection("ann"),
            (
                Some(GatewayPayload::Online("ann".into())),
                Some(change_to("ann", true))
            )
        );
        assert_eq!(presence.add_connection("ann"), (None, None));
        presence.remove_connection("ann", now);
        presence.remove_connection("ann", now);
        assert!(presence.is_online("ann"));
        assert_eq!(
            presence.expire(now + OFFLINE_GRACE_PERIOD / 2),
            (vec![], vec![])
        );
        assert_eq!(presence.add_connection("ann"), (None, None));
        assert_eq!(
            presence.expire(now + OFFLINE_GRACE_PERIOD * 2),
            (vec![], vec![])
        );
        presence.remove_connection("ann", now);
        assert_eq!(
            presence.expire(now + OFFLINE_GRACE_PERIOD),
            (
                vec![GatewayPayload::Offline("ann".into())],
                vec![change_to("ann", false)]
            )
        );
        assert!(!presence.is_online("ann"));
    }

    #[test]
    fn a_user_is_online_while_any_gateway_reports_them() {
        let mut presence = Presence::default();
        let now = Instant::now();
        let changes = presence.apply(message("g2", snapshot(&["ann", "bob"], false)), now);
        assert_eq!(changes.len(), 2);
        presence.add_connection("ann");
        assert_eq!(
            presence.apply(message("g2", GatewayPayload::Offline("ann".into())), now),
            []
        );
        assert_eq!(
            presence.apply(message("g3", GatewayPayload::Online("bob".into())), now),
            []
        );
        // The users of a silent gateway go offline, except those who are online at another one.
        let later = now + GATEWAY_TIMEOUT;
        presence.apply(message("g3", GatewayPayload::Heartbeat), later);
        assert_eq!(presence.expire(later), (vec![], vec![]));
        assert_eq!(
            presence.expire(later + GATEWAY_TIMEOUT).1,
            [change_to("bob", false)]
        );
        assert!(presence.is_online("ann") && !presence.is_online("bob"));
    }

    #[test]
    fn a_snapshot_in_parts_replaces_the_previous_one_without_flicker() {
        let mut presence = Presence::default();
        let now = Instant::now();
        presence.apply(message("g2", snapshot(&["ann", "bob"], false)), now);
        assert_eq!(
            presence.apply(message("g2", snapshot(&["cid"], true)), now),
            []
        );
        assert!(presence.is_online("bob") && !presence.is_online("cid"));
        let changes = presence.apply(message("g2", snapshot(&["bob"], false)), now);
        assert_eq!(changes, [change_to("cid", true), change_to("ann", false)]);
    }
}
