//! Which users and conversations had an entry lately.

use read_model::projection_signal::{AffectedAudience, ProjectionSignal};
use rustc_hash::FxHashMap;

use super::memberships::Memberships;

/// How many users and how many conversations are remembered. The older half of them is forgotten
/// when there are more.
const MAX_ENTRIES: usize = 100_000;

/// The last position at which each user and each conversation may have had an entry.
#[derive(Debug, Default)]
pub(super) struct RecentActivity {
    /// The build of the read models that the ids belong to.
    generation: i64,
    /// Every entry after this position is known.
    from: i64,
    /// And up to this one.
    to: i64,
    conversations: FxHashMap<i64, i64>,
    /// Users with an entry of their own, or with a membership that began or ended.
    users: FxHashMap<i64, i64>,
}

impl RecentActivity {
    /// Knows nothing but that the read model has reached this position.
    pub fn starting_at(position: i64, generation: i64) -> Self {
        Self {
            generation,
            from: position,
            to: position,
            ..Self::default()
        }
    }

    /// The position up to which every entry is known.
    pub fn known_to(&self) -> i64 {
        self.to
    }

    /// Learns from the next signal. If it does not follow what is known, everything starts over.
    pub fn observe(&mut self, signal: &ProjectionSignal) {
        let position = signal.position();
        let Some((audience, members)) = audience_of(signal) else {
            if position > self.to {
                *self = Self::starting_at(position, self.generation);
            }
            return;
        };
        let is_next = audience.from <= self.to && audience.generation == self.generation;
        if !is_next {
            *self = Self::starting_at(audience.from, audience.generation);
        } else if audience.to <= self.to {
            // What was read from the database is newer than this signal.
            return;
        }
        self.to = audience.to;
        let conversations = audience.conversations.iter();
        self.conversations
            .extend(conversations.map(|id| (*id, audience.to)));
        let users = audience.users.iter().chain(members);
        self.users.extend(users.map(|id| (*id, audience.to)));
        if self.conversations.len().max(self.users.len()) > MAX_ENTRIES {
            self.forget_older_half();
        }
    }

    fn forget_older_half(&mut self) {
        let positions = self.conversations.values().chain(self.users.values());
        let mut positions: Vec<i64> = positions.copied().collect();
        let middle = positions.len() / 2;
        let (_, median, _) = positions.select_nth_unstable(middle);
        self.from = self.from.max(*median);
        let from = self.from;
        self.conversations.retain(|_, position| *position > from);
        self.users.retain(|_, position| *position > from);
    }

    /// The position up to which a user has no entry after this one, if that is known.
    pub fn find_idle(&self, after: i64, memberships: &Memberships) -> Option<i64> {
        let is_known = memberships.are_kept
            && self.from <= after
            && after <= self.to
            && memberships.position <= self.to
            && self.has_current(memberships);
        let is_idle = |last: Option<&i64>| last.is_none_or(|last| *last <= after);
        let is_idle = is_known
            && is_idle(self.users.get(&memberships.user))
            && memberships
                .conversations
                .iter()
                .all(|id| is_idle(self.conversations.get(id)));
        is_idle.then_some(self.to)
    }

    /// Whether these are still the memberships of the user.
    pub fn has_current(&self, memberships: &Memberships) -> bool {
        let last = self.users.get(&memberships.user);
        memberships.generation == self.generation
            && memberships.position >= self.from
            && last.is_none_or(|last| *last <= memberships.position)
    }
}

/// The audience of a signal, and the users with changed memberships, if it has both.
fn audience_of(signal: &ProjectionSignal) -> Option<(&AffectedAudience, &[i64])> {
    let audience = signal.audience.as_ref()?;
    Some((audience, audience.membership_changes.as_deref()?))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::history::CursorReference;
    use proptest::prelude::*;

    use super::*;

    const USER: i64 = 7;

    /// What happens at a position.
    #[derive(Debug, Clone, Copy)]
    enum Event {
        /// A message in a conversation.
        Sent(i64),
        /// An entry for one user.
        Personal(i64),
        Joined(i64),
        Left(i64),
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            4 => (1..6_i64).prop_map(Event::Sent),
            1 => prop_oneof![Just(USER), Just(8)].prop_map(Event::Personal),
            1 => (1..6_i64).prop_map(Event::Joined),
            1 => (1..6_i64).prop_map(Event::Left),
        ]
    }

    /// The log: the events of position 1 and later.
    struct Log(Vec<Event>);

    impl Log {
        /// The conversations of the user at a position.
        fn memberships(&self, position: i64) -> Memberships {
            let mut conversations = BTreeSet::new();
            for event in &self.0[..position as usize] {
                match event {
                    Event::Joined(id) => conversations.insert(*id),
                    Event::Left(id) => conversations.remove(id),
                    Event::Sent(_) | Event::Personal(_) => false,
                };
            }
            Memberships {
                position,
                generation: 1,
                user: USER,
                conversations: conversations.into_iter().collect(),
                are_kept: true,
            }
        }

        fn has_entry(&self, after: i64, to: i64) -> bool {
            (after + 1..=to).any(|position| match self.0[position as usize - 1] {
                Event::Sent(id) => self.memberships(position).conversations.contains(&id),
                Event::Personal(user) => user == USER,
                Event::Joined(_) | Event::Left(_) => true,
            })
        }

        /// The signal for the events after a position.
        fn signal(&self, from: i64, to: i64) -> ProjectionSignal {
            let (mut conversations, mut users, mut changes) = (Vec::new(), Vec::new(), Vec::new());
            for event in &self.0[from as usize..to as usize] {
                match event {
                    Event::Sent(id) => conversations.push(*id),
                    Event::Personal(user) => users.push(*user),
                    Event::Joined(id) | Event::Left(id) => {
                        conversations.push(*id);
                        changes.push(USER);
                    }
                }
            }
            ProjectionSignal {
                cursor: CursorReference::bare(to),
                audience: Some(AffectedAudience {
                    from,
                    to,
                    generation: 1,
                    conversations,
                    users,
                    membership_changes: Some(changes),
                    ..AffectedAudience::default()
                }),
            }
        }
    }

    proptest! {
        #[test]
        fn no_entry_is_missed_whichever_signals_are_lost(
            events in proptest::collection::vec(event(), 1..40),
            sizes in proptest::collection::vec((1..5_usize, 0..10_u8), 1..20),
            start in 0..10_usize,
        ) {
            let log = Log(events);
            let end = log.0.len() as i64;
            let mut to = start.min(log.0.len()) as i64;
            let mut recent = RecentActivity::starting_at(to, 1);
            let mut lost = false;
            for (size, chance) in sizes {
                let next = (to + size as i64).min(end);
                let mut signal = log.signal(to, next);
                match chance {
                    0 => lost = true,
                    1 => {
                        signal.audience = None;
                        recent.observe(&signal);
                        lost = true;
                    }
                    _ => recent.observe(&signal),
                }
                to = next;
                for read_at in 0..=to {
                    let memberships = log.memberships(read_at);
                    for after in 0..=to {
                        if let Some(position) = recent.find_idle(after, &memberships) {
                            prop_assert!(!log.has_entry(after, position), "after {after} to {position}");
                        } else if !lost && read_at == to && after >= start as i64 {
                            // A signal names everything up to its end.
                            prop_assert!(after < to, "nothing can be after {to}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn the_older_half_is_forgotten_when_there_are_too_many() {
        let mut recent = RecentActivity::starting_at(0, 1);
        for position in 1..=MAX_ENTRIES as i64 + 1 {
            let audience = AffectedAudience {
                from: position - 1,
                to: position,
                generation: 1,
                conversations: vec![position],
                membership_changes: Some(Vec::new()),
                ..AffectedAudience::default()
            };
            recent.observe(&ProjectionSignal {
                cursor: CursorReference::bare(position),
                audience: Some(audience),
            });
        }
        assert!(recent.conversations.len() <= MAX_ENTRIES / 2 + 1);
        let of = |position, conversation| Memberships {
            position,
            generation: 1,
            user: USER,
            conversations: vec![conversation],
            are_kept: true,
        };
        let last = MAX_ENTRIES as i64 + 1;
        assert_eq!(
            recent.find_idle(10, &of(last, 5)),
            None,
            "not known any more"
        );
        assert_eq!(recent.find_idle(last - 1, &of(last, 5)), Some(last));
        assert_eq!(recent.find_idle(last - 1, &of(last, last)), None);
        assert_eq!(
            recent.find_idle(last - 1, &of(10, 5)),
            None,
            "read too long ago"
        );
    }

    #[test]
    fn another_build_of_the_read_models_has_other_ids() {
        let log = Log(vec![Event::Sent(1), Event::Sent(2)]);
        let mut recent = RecentActivity::starting_at(0, 1);
        let mut signal = log.signal(0, 1);
        signal.audience.as_mut().unwrap().generation = 2;
        recent.observe(&signal);
        assert_eq!(recent.find_idle(1, &log.memberships(1)), None);
        let memberships = Memberships {
            generation: 2,
            ..log.memberships(1)
        };
        assert_eq!(recent.find_idle(1, &memberships), Some(1));
    }
}
