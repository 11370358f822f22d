//! What the projector's bell tells: how far the read models are, and whom the last batch concerned.
//!
//! A bell may be lost, late or silent about whom. Whoever hears it does less work, never other work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

use crate::told::ToldEntry;

/// Bells that wait for one who hears them in the projector's own process, at most.
const RINGS: usize = 256;

/// How those in the projector's own process hear its bell: before the others, as the others do not always, and
/// with the entries themselves as long as somebody wants them. Cheap to clone.
#[derive(Debug, Clone)]
pub struct NearBell {
    rings: broadcast::Sender<Bell>,
    are_entries_wanted: Arc<AtomicBool>,
}

impl Default for NearBell {
    fn default() -> Self {
        Self {
            rings: broadcast::Sender::new(RINGS),
            are_entries_wanted: Arc::default(),
        }
    }
}

impl NearBell {
    /// Tells whoever is there.
    pub fn ring(&self, bell: Bell) {
        // Nobody may be.
        let _ = self.rings.send(bell);
    }

    /// What is rung from now on.
    pub fn hear(&self) -> broadcast::Receiver<Bell> {
        self.rings.subscribe()
    }

    /// Whether bells are to come with entries. Some may come without nevertheless.
    pub fn want_entries(&self, are_wanted: bool) {
        self.are_entries_wanted.store(are_wanted, Ordering::Relaxed);
    }

    /// Whether somebody would read the entries.
    pub fn are_entries_wanted(&self) -> bool {
        self.are_entries_wanted.load(Ordering::Relaxed)
    }
}

/// Numbers that a bell names at most. A batch that concerns more is one for everybody.
const NAMED: usize = 2_000;

/// Rung after a batch. As text: the position, and after a space what was touched, as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bell {
    /// How far the read models are.
    pub position: i64,
    /// Whom that concerns, if it is known.
    pub touched: Option<Touched>,
}

/// Whom the entries of some positions are for: in the numbers of the read models, of one build of
/// them. May name more, never fewer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touched {
    /// The first position is the one after this.
    pub from: i64,
    /// The last.
    pub to: i64,
    /// The build of the read models that the numbers are of.
    pub generation: i64,
    /// Conversations whose members were told something.
    pub conversations: Vec<i64>,
    /// Users who were told something alone.
    pub users: Vec<i64>,
    /// How many that are, with the members as they are after the batch: about.
    pub told: i64,
    /// All entries of those positions, in order, if they are few and simple: from nearby.
    #[serde(skip)]
    pub entries: Option<Vec<Arc<ToldEntry>>>,
}

impl Touched {
    /// Goes on with the batch after this one; `None` if it is not that, or if it would be too many.
    #[must_use]
    pub fn and(mut self, next: Self) -> Option<Self> {
        if next.from != self.to || next.generation != self.generation {
            return None;
        }
        self.to = next.to;
        self.entries = match (self.entries, next.entries) {
            (Some(mut entries), Some(more)) if entries.len() + more.len() <= NAMED => {
                entries.extend(more);
                Some(entries)
            }
            _ => None,
        };
        self.told += next.told;
        self.conversations.extend(next.conversations);
        self.users.extend(next.users);
        for numbers in [&mut self.conversations, &mut self.users] {
            numbers.sort_unstable();
            numbers.dedup();
        }
        self.is_few().then_some(self)
    }

    /// Whether nobody was told anything. The one who left is counted no more, but was told.
    pub fn is_nobody(&self) -> bool {
        self.conversations.is_empty() && self.users.is_empty()
    }

    /// Whether it can be named.
    pub fn is_few(&self) -> bool {
        self.conversations.len() + self.users.len() <= NAMED
    }
}

impl Bell {
    /// As it is published.
    pub fn text(&self) -> String {
        let touched = self.touched.as_ref();
        let touched = touched.and_then(|touched| serde_json::to_string(touched).ok());
        touched.map_or_else(
            || self.position.to_string(),
            |touched| format!("{} {touched}", self.position),
        )
    }

    /// As it was published; `None` of what is no bell.
    pub fn parse(text: &str) -> Option<Self> {
        let (position, touched) = match text.split_once(' ') {
            Some((position, touched)) => (position, serde_json::from_str(touched).ok()),
            None => (text, None),
        };
        Some(Self {
            position: position.parse().ok()?,
            touched,
        })
    }
}

#[cfg(test)]
mod tests {
    use domain::time::Timestamp;

    use super::*;
    use crate::told::Told;

    fn touched(from: i64, to: i64, conversations: &[i64]) -> Touched {
        Touched {
            from,
            to,
            generation: 1,
            conversations: conversations.to_vec(),
            users: vec![9],
            told: 3,
            entries: None,
        }
    }

    #[test]
    fn a_bell_is_heard_as_it_was_rung() {
        for touched in [None, Some(touched(3, 7, &[1, 2]))] {
            let bell = Bell {
                position: 7,
                touched,
            };
            assert_eq!(Bell::parse(&bell.text()), Some(bell));
        }
        let silent = Some(Bell {
            position: 42,
            touched: None,
        });
        assert_eq!(Bell::parse("42"), silent, "of an older projector");
        assert_eq!(Bell::parse("42 {\"of\":\"a newer one\"}"), silent);
        assert_eq!(Bell::parse("ding"), None);
    }

    #[test]
    fn batches_add_up_only_without_a_gap() {
        let first = touched(0, 2, &[5, 1]);
        let both = first.clone().and(touched(2, 3, &[1, 4]));
        let both = both.expect("without a gap");
        assert_eq!((both.from, both.to, both.told), (0, 3, 6));
        assert_eq!((both.conversations, both.users), (vec![1, 4, 5], vec![9]));
        assert_eq!(first.clone().and(touched(3, 4, &[1])), None, "a gap");
        let other = Touched {
            generation: 2,
            ..touched(2, 3, &[1])
        };
        assert_eq!(first.clone().and(other), None, "another build");
        let many: Vec<i64> = (0..3_000).collect();
        assert_eq!(first.and(touched(2, 3, &many)), None, "too many");
    }

    #[test]
    fn entries_add_up_only_if_all_are_there() {
        let entry = |position| {
            Arc::new(ToldEntry {
                position,
                conversation: "a".to_owned(),
                at: Timestamp::default(),
                what: Told::Else {
                    kind: "conversation_read",
                    data: "{}".to_owned(),
                },
                users: vec![9],
            })
        };
        let with = |from, to| Touched {
            entries: Some(vec![entry(to)]),
            ..touched(from, to, &[1])
        };
        let positions = |touched: Option<Touched>| {
            let entries = touched.expect("without a gap").entries?;
            Some(entries.iter().map(|it| it.position).collect::<Vec<_>>())
        };
        assert_eq!(positions(with(0, 2).and(with(2, 3))), Some(vec![2, 3]));
        assert_eq!(positions(with(0, 2).and(touched(2, 3, &[1]))), None);
        assert_eq!(positions(touched(0, 2, &[1]).and(with(2, 3))), None);
        let published = Bell {
            position: 2,
            touched: Some(with(0, 2)),
        };
        assert_eq!(
            positions(Bell::parse(&published.text()).and_then(|bell| bell.touched)),
            None,
            "only nearby"
        );
    }
}
