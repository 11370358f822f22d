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

use crate::word::{Said, Word};

/// How long a user stays online after their last connection has closed.
pub const GRACE: Duration = Duration::from_secs(5);

/// How often a gateway sends a heartbeat.
pub const HEARTBEAT: Duration = Duration::from_secs(2);

/// A gateway that has been silent for this long counts as gone.
pub const GONE_AFTER: Duration = Duration::from_secs(6);

/// A user went online or offline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The user.
    pub user: String,
    /// Whether the user is online now.
    pub online: bool,
}

/// What one gateway knows about who is online.
#[derive(Debug, Default)]
pub struct Presence {
    /// The number of connections to this gateway, by user.
    here: HashMap<String, usize>,
    /// When the grace period ends, by user whose last connection to this gateway has closed.
    leaving: HashMap<String, Instant>,
    /// The other gateways, by id.
    elsewhere: HashMap<String, Gateway>,
}

/// What is known about another gateway.
#[derive(Debug)]
struct Gateway {
    heard: Instant,
    /// The users online there.
    users: HashSet<String>,
    /// The part of an incomplete snapshot received so far.
    gathered: HashSet<String>,
}

impl Presence {
    /// Whether a user is online at any gateway.
    pub fn is_online(&self, user: &str) -> bool {
        self.is_here(user)
            || self
                .elsewhere
                .values()
                .any(|gateway| gateway.users.contains(user))
    }

    fn is_here(&self, user: &str) -> bool {
        self.here.contains_key(user) || self.leaving.contains_key(user)
    }

    /// All users who are online at this gateway.
    pub fn all_here(&self) -> Vec<String> {
        self.here
            .keys()
            .chain(self.leaving.keys())
            .cloned()
            .collect()
    }

    /// All users who are online at any gateway. A user may occur more than once.
    pub fn everybody(&self) -> Vec<String> {
        let elsewhere = self
            .elsewhere
            .values()
            .flat_map(|gateway| gateway.users.iter().cloned());
        self.all_here().into_iter().chain(elsewhere).collect()
    }

    /// Restarts the timeout of every gateway. Call it when this process could not receive messages
    /// until `now`, so that the silence of the others means nothing.
    pub fn excuse(&mut self, now: Instant) {
        for gateway in self.elsewhere.values_mut() {
            gateway.heard = now;
        }
    }

    /// Whether a gateway is known and has not timed out.
    pub fn knows(&self, gateway: &str) -> bool {
        self.elsewhere.contains_key(gateway)
    }

    /// Records a new connection to this gateway. Returns the payload for the other gateways and the
    /// presence change, if any.
    pub fn connected(&mut self, user: &str) -> (Option<Said>, Option<Change>) {
        let was_online = self.is_online(user);
        let was_here = self.is_here(user);
        self.leaving.remove(user);
        *self.here.entry(user.to_owned()).or_default() += 1;
        let payload = (!was_here).then(|| Said::Online(user.to_owned()));
        (payload, change(user, was_online, true))
    }

    /// Records that a connection to this gateway has closed at `now`.
    pub fn disconnected(&mut self, user: &str, now: Instant) {
        let Some(count) = self.here.get_mut(user) else {
            return;
        };
        *count -= 1;
        if *count == 0 {
            self.here.remove(user);
            self.leaving.insert(user.to_owned(), now + GRACE);
        }
    }

    /// Applies a message from another gateway. Returns the presence changes.
    pub fn heard(&mut self, message: Word, now: Instant) -> Vec<Change> {
        let Word { gateway, said } = message;
        let known = self
            .elsewhere
            .entry(gateway.clone())
            .or_insert_with(|| Gateway::heard_at(now));
        known.heard = now;
        let (online, offline) = match said {
            Said::Online(user) => (vec![user], Vec::new()),
            Said::Offline(user) => (Vec::new(), vec![user]),
            Said::All { users, more } => {
                known.gathered.extend(users);
                if more {
                    return Vec::new();
                }
                let all = std::mem::take(&mut known.gathered);
                let missing = known.users.difference(&all).cloned().collect();
                (all.into_iter().collect(), missing)
            }
            Said::Hello | Said::Alive | Said::Typing { .. } => return Vec::new(),
        };
        self.replace(&gateway, online, offline)
    }

    /// Expires grace periods and silent gateways. Returns the payloads for the other gateways and
    /// the presence changes.
    pub fn pass(&mut self, now: Instant) -> (Vec<Said>, Vec<Change>) {
        let (mut payloads, mut changes) = (Vec::new(), Vec::new());
        let expired: Vec<String> = self
            .leaving
            .iter()
            .filter(|(_, at)| **at <= now)
            .map(|(user, _)| user.clone())
            .collect();
        for user in expired {
            self.leaving.remove(&user);
            changes.extend(change(&user, true, self.is_online(&user)));
            payloads.push(Said::Offline(user));
        }
        let silent: Vec<String> = self
            .elsewhere
            .iter()
            .filter(|(_, gateway)| now.duration_since(gateway.heard) >= GONE_AFTER)
            .map(|(name, _)| name.clone())
            .collect();
        for gateway in silent {
            let users = self.elsewhere.remove(&gateway).map(|gateway| gateway.users);
            let users = users.into_iter().flatten();
            changes.extend(users.filter_map(|user| change(&user, true, self.is_online(&user))));
        }
        (payloads, changes)
    }

    /// Updates the online users of another gateway and returns the presence changes.
    fn replace(&mut self, gateway: &str, online: Vec<String>, offline: Vec<String>) -> Vec<Change> {
        let mut changes = Vec::new();
        for (user, now) in online
            .into_iter()
            .map(|user| (user, true))
            .chain(offline.into_iter().map(|user| (user, false)))
        {
            let before = self.is_online(&user);
            if let Some(known) = self.elsewhere.get_mut(gateway) {
                if now {
                    known.users.insert(user.clone());
                } else {
                    known.users.remove(&user);
                }
            }
            changes.extend(change(&user, before, self.is_online(&user)));
        }
        changes
    }
}

impl Gateway {
    fn heard_at(now: Instant) -> Self {
        Self {
            heard: now,
            users: HashSet::new(),
            gathered: HashSet::new(),
        }
    }
}

/// The presence change of a user, if the two states differ.
fn change(user: &str, before: bool, now: bool) -> Option<Change> {
    (before != now).then(|| Change {
        user: user.to_owned(),
        online: now,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(gateway: &str, said: Said) -> Word {
        Word {
            gateway: gateway.to_owned(),
            said,
        }
    }

    fn snapshot(users: &[&str], more: bool) -> Said {
        Said::All {
            users: users.iter().map(|user| (*user).to_owned()).collect(),
            more,
        }
    }

    fn change_to(user: &str, online: bool) -> Change {
        Change {
            user: user.to_owned(),
            online,
        }
    }

    #[test]
    fn a_user_who_reconnects_within_the_grace_period_stays_online() {
        let mut presence = Presence::default();
        let now = Instant::now();
        assert_eq!(
            presence.connected("ann"),
            (
                Some(Said::Online("ann".into())),
                Some(change_to("ann", true))
            )
        );
        assert_eq!(presence.connected("ann"), (None, None));
        presence.disconnected("ann", now);
        presence.disconnected("ann", now);
        assert!(presence.is_online("ann"));
        assert_eq!(presence.pass(now + GRACE / 2), (vec![], vec![]));
        assert_eq!(presence.connected("ann"), (None, None));
        assert_eq!(presence.pass(now + GRACE * 2), (vec![], vec![]));
        presence.disconnected("ann", now);
        assert_eq!(
            presence.pass(now + GRACE),
            (
                vec![Said::Offline("ann".into())],
                vec![change_to("ann", false)]
            )
        );
        assert!(!presence.is_online("ann"));
    }

    #[test]
    fn a_user_is_online_while_any_gateway_reports_them() {
        let mut presence = Presence::default();
        let now = Instant::now();
        let changes = presence.heard(message("g2", snapshot(&["ann", "bob"], false)), now);
        assert_eq!(changes.len(), 2);
        presence.connected("ann");
        assert_eq!(
            presence.heard(message("g2", Said::Offline("ann".into())), now),
            []
        );
        assert_eq!(
            presence.heard(message("g3", Said::Online("bob".into())), now),
            []
        );
        // The users of a silent gateway go offline, except those who are online at another one.
        let later = now + GONE_AFTER;
        presence.heard(message("g3", Said::Alive), later);
        assert_eq!(presence.pass(later), (vec![], vec![]));
        assert_eq!(
            presence.pass(later + GONE_AFTER).1,
            [change_to("bob", false)]
        );
        assert!(presence.is_online("ann") && !presence.is_online("bob"));
    }

    #[test]
    fn a_snapshot_in_parts_replaces_the_previous_one_without_flicker() {
        let mut presence = Presence::default();
        let now = Instant::now();
        presence.heard(message("g2", snapshot(&["ann", "bob"], false)), now);
        assert_eq!(
            presence.heard(message("g2", snapshot(&["cid"], true)), now),
            []
        );
        assert!(presence.is_online("bob") && !presence.is_online("cid"));
        let changes = presence.heard(message("g2", snapshot(&["bob"], false)), now);
        assert_eq!(changes, [change_to("cid", true), change_to("ann", false)]);
    }
}
