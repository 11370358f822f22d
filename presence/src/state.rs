//! Who is online, as one process knows it from its own connections and from what gateways tell each other.
//!
//! Online at once; offline only a moment after the last connection has gone, so that a phone between two
//! networks does not flicker. A gateway that is not heard of any more takes its users with it.
//!
//! Pure: times come in, changes and words for the other gateways come out.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use crate::word::{Said, Word};

/// How long after their last connection somebody is still online.
pub const GRACE: Duration = Duration::from_secs(5);

/// How often a gateway is heard of.
pub const HEARTBEAT: Duration = Duration::from_secs(2);

/// After so long without a word a gateway is gone.
pub const GONE_AFTER: Duration = Duration::from_secs(6);

/// Somebody is online now, or is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Who.
    pub user: String,
    /// Whether.
    pub online: bool,
}

/// What one gateway knows.
#[derive(Debug, Default)]
pub struct Presence {
    /// Connections here.
    here: HashMap<String, usize>,
    /// When those count as gone whose last connection here has ended.
    leaving: HashMap<String, Instant>,
    elsewhere: HashMap<String, Gateway>,
}

#[derive(Debug)]
struct Gateway {
    heard: Instant,
    users: HashSet<String>,
    /// The part of everybody that has been told.
    gathered: HashSet<String>,
}

impl Presence {
    /// Whether somebody is online, anywhere.
    pub fn is_online(&self, user: &str) -> bool {
        self.is_here(user) || self.elsewhere.values().any(|it| it.users.contains(user))
    }

    fn is_here(&self, user: &str) -> bool {
        self.here.contains_key(user) || self.leaving.contains_key(user)
    }

    /// Everybody who is online here.
    pub fn all_here(&self) -> Vec<String> {
        self.here
            .keys()
            .chain(self.leaving.keys())
            .cloned()
            .collect()
    }

    /// Everybody who is online, anywhere; some of them more than once.
    pub fn everybody(&self) -> Vec<String> {
        let elsewhere = self
            .elsewhere
            .values()
            .flat_map(|it| it.users.iter().cloned());
        self.all_here().into_iter().chain(elsewhere).collect()
    }

    /// Nothing could be heard until now: no gateway is to blame for its silence.
    pub fn excuse(&mut self, now: Instant) {
        for gateway in self.elsewhere.values_mut() {
            gateway.heard = now;
        }
    }

    /// Whether a gateway was heard of, and lately.
    pub fn knows(&self, gateway: &str) -> bool {
        self.elsewhere.contains_key(gateway)
    }

    /// A connection has opened here. What to tell the others, and what has changed.
    pub fn connected(&mut self, user: &str) -> (Option<Said>, Option<Change>) {
        let was_online = self.is_online(user);
        let was_here = self.is_here(user);
        self.leaving.remove(user);
        *self.here.entry(user.to_owned()).or_default() += 1;
        let said = (!was_here).then(|| Said::Online(user.to_owned()));
        (said, change(user, was_online, true))
    }

    /// A connection here has ended.
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

    /// Another gateway has said something.
    pub fn heard(&mut self, word: Word, now: Instant) -> Vec<Change> {
        let Word { gateway, said } = word;
        let known = self
            .elsewhere
            .entry(gateway.clone())
            .or_insert_with(|| Gateway::heard_at(now));
        known.heard = now;
        let (come, gone) = match said {
            Said::Online(user) => (vec![user], Vec::new()),
            Said::Offline(user) => (Vec::new(), vec![user]),
            Said::All { users, more } => {
                known.gathered.extend(users);
                if more {
                    return Vec::new();
                }
                let all = std::mem::take(&mut known.gathered);
                let gone = known.users.difference(&all).cloned().collect();
                (all.into_iter().collect(), gone)
            }
            Said::Hello | Said::Alive | Said::Typing { .. } => return Vec::new(),
        };
        self.replace(&gateway, come, gone)
    }

    /// Who is gone by now: what to tell the others, and what has changed.
    pub fn pass(&mut self, now: Instant) -> (Vec<Said>, Vec<Change>) {
        let (mut said, mut changes) = (Vec::new(), Vec::new());
        let gone: Vec<String> = self
            .leaving
            .iter()
            .filter(|(_, at)| **at <= now)
            .map(|(user, _)| user.clone())
            .collect();
        for user in gone {
            self.leaving.remove(&user);
            changes.extend(change(&user, true, self.is_online(&user)));
            said.push(Said::Offline(user));
        }
        let silent: Vec<String> = self
            .elsewhere
            .iter()
            .filter(|(_, gateway)| now.duration_since(gateway.heard) >= GONE_AFTER)
            .map(|(name, _)| name.clone())
            .collect();
        for gateway in silent {
            let users = self.elsewhere.remove(&gateway).map(|it| it.users);
            let gone = users.into_iter().flatten();
            changes.extend(gone.filter_map(|user| change(&user, true, self.is_online(&user))));
        }
        (said, changes)
    }

    fn replace(&mut self, gateway: &str, come: Vec<String>, gone: Vec<String>) -> Vec<Change> {
        let mut changes = Vec::new();
        for (user, now) in come
            .into_iter()
            .map(|user| (user, true))
            .chain(gone.into_iter().map(|user| (user, false)))
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

fn change(user: &str, before: bool, now: bool) -> Option<Change> {
    (before != now).then(|| Change {
        user: user.to_owned(),
        online: now,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(gateway: &str, said: Said) -> Word {
        Word {
            gateway: gateway.to_owned(),
            said,
        }
    }

    fn all(users: &[&str], more: bool) -> Said {
        Said::All {
            users: users.iter().map(|user| (*user).to_owned()).collect(),
            more,
        }
    }

    fn is(user: &str, online: bool) -> Change {
        Change {
            user: user.to_owned(),
            online,
        }
    }

    #[test]
    fn somebody_who_comes_back_in_time_was_never_away() {
        let mut presence = Presence::default();
        let now = Instant::now();
        assert_eq!(
            presence.connected("ann"),
            (Some(Said::Online("ann".into())), Some(is("ann", true)))
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
            (vec![Said::Offline("ann".into())], vec![is("ann", false)])
        );
        assert!(!presence.is_online("ann"));
    }

    #[test]
    fn somebody_is_online_wherever_they_are() {
        let mut presence = Presence::default();
        let now = Instant::now();
        let heard = presence.heard(word("g2", all(&["ann", "bob"], false)), now);
        assert_eq!(heard.len(), 2);
        presence.connected("ann");
        assert_eq!(
            presence.heard(word("g2", Said::Offline("ann".into())), now),
            []
        );
        assert_eq!(
            presence.heard(word("g3", Said::Online("bob".into())), now),
            []
        );
        // A gateway that falls silent takes its users with it, but for those who are elsewhere too.
        let later = now + GONE_AFTER;
        presence.heard(word("g3", Said::Alive), later);
        assert_eq!(presence.pass(later), (vec![], vec![]));
        assert_eq!(presence.pass(later + GONE_AFTER).1, [is("bob", false)]);
        assert!(presence.is_online("ann") && !presence.is_online("bob"));
    }

    #[test]
    fn everybody_told_in_parts_replaces_whom_was_told_before_without_a_flicker() {
        let mut presence = Presence::default();
        let now = Instant::now();
        presence.heard(word("g2", all(&["ann", "bob"], false)), now);
        assert_eq!(presence.heard(word("g2", all(&["cid"], true)), now), []);
        assert!(presence.is_online("bob") && !presence.is_online("cid"));
        let changes = presence.heard(word("g2", all(&["bob"], false)), now);
        assert_eq!(changes, [is("cid", true), is("ann", false)]);
    }
}
