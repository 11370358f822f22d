//! The messages that flood rules can still count, in bounded memory.

use std::collections::{HashMap, VecDeque};

use domain::time::Timestamp;

/// How many events of the log the rules look back at most, however long their time is. It bounds
/// the memory to about 45 MiB for each of the two ways of counting, and how much of the log is read
/// after a restart.
pub(super) const MAX_WINDOW_EVENTS: i64 = 500_000;

/// Recent messages, in log order. Those with the same key are linked, the newest first.
#[derive(Debug, Default)]
pub(super) struct RecentTexts {
    entries: VecDeque<RecentText>,
    /// How many entries have been dropped at the front.
    dropped: u64,
    /// The number of the newest entry of each key.
    newest: HashMap<u128, u64>,
}

/// A message, as far as it is counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct RecentText {
    pub position: i64,
    pub at: Timestamp,
    /// Equal for texts that are counted together.
    key: u128,
    /// The number of the entry before it with the same key.
    previous: Option<u64>,
}

impl RecentTexts {
    /// Adds the next message.
    pub fn push(&mut self, key: u128, position: i64, at: Timestamp) {
        let number = self.dropped + self.entries.len() as u64;
        let previous = self.newest.insert(key, number);
        self.entries.push_back(RecentText {
            position,
            at,
            key,
            previous,
        });
    }

    /// The message that is `count` messages back from the newest one with this key, which is 1
    /// back.
    pub fn find_back(&self, key: u128, count: u32) -> Option<RecentText> {
        let mut number = self.newest.get(&key).copied();
        for _ in 1..count {
            number = self.entry(number?)?.previous;
        }
        self.entry(number?).copied()
    }

    /// Forgets the messages up to this position, and those before this time.
    pub fn forget(&mut self, position: i64, before: Timestamp) {
        let is_old = |entry: &RecentText| entry.position <= position || entry.at < before;
        while let Some(entry) = self.entries.front().copied().filter(is_old) {
            self.entries.pop_front();
            if self.newest.get(&entry.key) == Some(&self.dropped) {
                self.newest.remove(&entry.key);
            }
            self.dropped += 1;
        }
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    fn entry(&self, number: u64) -> Option<&RecentText> {
        let index = usize::try_from(number.checked_sub(self.dropped)?).ok()?;
        self.entries.get(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1_000)
    }

    #[test]
    fn messages_of_a_key_are_found_until_they_are_forgotten() {
        let mut texts = RecentTexts::default();
        for (position, key) in [(1, 7), (2, 8), (3, 7), (5, 7)] {
            texts.push(key, position, at(position));
        }
        let back = |texts: &RecentTexts, count| texts.find_back(7, count).map(|text| text.position);
        assert_eq!(
            [1, 2, 3, 4].map(|count| back(&texts, count)),
            [Some(5), Some(3), Some(1), None]
        );
        texts.forget(0, at(3));
        assert_eq!(
            [1, 2, 3].map(|count| back(&texts, count)),
            [Some(5), Some(3), None]
        );
        assert!(texts.find_back(8, 1).is_none() && texts.newest.len() == 1);
        texts.forget(5, at(0));
        assert!(texts.entries.is_empty() && texts.newest.is_empty());
        texts.push(7, 6, at(6));
        assert_eq!(back(&texts, 1), Some(6));
        assert_eq!(back(&texts, 2), None);
    }
}
