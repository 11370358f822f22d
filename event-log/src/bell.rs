//! What the projector's bell tells: how far the read models are, and whom the last batch concerned.
//!
//! A bell may be lost, late or silent about whom. Whoever hears it does less work, never other work.

use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

/// Bells that wait for one who hears them in the projector's own process, at most.
const RINGS: usize = 256;

/// How those in the projector's own process hear its bell: before the others, and as the others do not
/// always.
pub fn nearby() -> broadcast::Sender<Bell> {
    broadcast::Sender::new(RINGS)
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
}

impl Touched {
    /// Goes on with the batch after this one; `None` if it is not that, or if it would be too many.
    #[must_use]
    pub fn and(mut self, next: Self) -> Option<Self> {
        if next.from != self.to || next.generation != self.generation {
            return None;
        }
        self.to = next.to;
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
    use super::*;

    fn touched(from: i64, to: i64, conversations: &[i64]) -> Touched {
        Touched {
            from,
            to,
            generation: 1,
            conversations: conversations.to_vec(),
            users: vec![9],
            told: 3,
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
}
