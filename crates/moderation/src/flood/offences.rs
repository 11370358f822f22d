//! What senders have done within the last day. There are few, so they are stored with the progress
//! of what follows the log, and a restart continues with them.

use std::collections::{BTreeMap, HashMap};

use domain::deployment::flood::FloodReach;
use domain::ids::{ConversationId, UserId};
use domain::time::Timestamp;

/// How long an offence makes the next silence longer, in milliseconds: a day.
pub(super) const DAY_MS: i64 = 24 * 3_600 * 1_000;

/// How many offences are remembered; beyond that, the oldest are forgotten.
const MAX_OFFENCES: usize = 100_000;

/// The last flood of a sender: in one conversation, or in all together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FloodOffence {
    /// The position of the message that completed it. Messages up to there are not counted again.
    pub position: i64,
    /// When that message was sent.
    pub at: Timestamp,
    /// The sender.
    pub sender: UserId,
    /// The conversation; `None` for all together.
    pub conversation: Option<ConversationId>,
    /// The seq of the message whose case has the floods of this series.
    pub seq: i64,
    /// The last silence for it or for a flood before it.
    pub silence: Option<FloodSilence>,
}

/// A silence for a flood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FloodSilence {
    /// When it began: when the message that completed the flood was sent.
    pub from: Timestamp,
    /// When it ends.
    pub until: Timestamp,
}

impl FloodSilence {
    /// How long it lasts, in milliseconds.
    pub(super) fn millis(self) -> i64 {
        self.until.millis().saturating_sub(self.from.millis())
    }
}

/// Where and of whom floods are counted together.
type Series = (Option<ConversationId>, UserId);

/// The last offence of each series.
#[derive(Debug, Default)]
pub(super) struct Offences {
    by_series: HashMap<Series, FloodOffence>,
    /// The same in log order.
    in_order: BTreeMap<(i64, FloodReach), Series>,
}

impl FloodOffence {
    fn series(&self) -> Series {
        (self.conversation.clone(), self.sender.clone())
    }

    fn order(&self) -> (i64, FloodReach) {
        let reach = match self.conversation {
            Some(_) => FloodReach::Conversation,
            None => FloodReach::All,
        };
        (self.position, reach)
    }

    /// Whether it no longer makes a difference.
    fn is_over(&self, now: Timestamp) -> bool {
        let is_silent = self.silence.is_some_and(|silence| now < silence.until);
        !is_silent && now.millis().saturating_sub(self.at.millis()) > DAY_MS
    }
}

impl Offences {
    pub fn find(
        &self,
        conversation: Option<&ConversationId>,
        sender: &UserId,
    ) -> Option<&FloodOffence> {
        // Most systems have no offences most of the time.
        if self.by_series.is_empty() {
            return None;
        }
        self.by_series.get(&(conversation.cloned(), sender.clone()))
    }

    /// Records an offence, and forgets those that are over.
    pub fn insert(&mut self, offence: FloodOffence) {
        let now = offence.at;
        self.in_order.insert(offence.order(), offence.series());
        if let Some(before) = self.by_series.insert(offence.series(), offence) {
            self.in_order.remove(&before.order());
        }
        while let Some((_, series)) = self.in_order.first_key_value() {
            let is_over = self
                .by_series
                .get(series)
                .is_none_or(|old| old.is_over(now));
            if !is_over && self.by_series.len() <= MAX_OFFENCES {
                break;
            }
            if let Some((_, series)) = self.in_order.pop_first() {
                self.by_series.remove(&series);
            }
        }
    }

    /// The position of the oldest one.
    pub fn first_position(&self) -> Option<i64> {
        let ((position, _), _) = self.in_order.first_key_value()?;
        Some(*position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offence(position: i64, conversation: Option<&str>, until: Option<i64>) -> FloodOffence {
        let at = Timestamp::from_millis(position * 3_600_000);
        FloodOffence {
            position,
            at,
            sender: UserId::parse("ann").unwrap(),
            conversation: conversation.map(|id| ConversationId::parse(id).unwrap()),
            seq: position,
            silence: until.map(|hour| FloodSilence {
                from: at,
                until: Timestamp::from_millis(hour * 3_600_000),
            }),
        }
    }

    #[test]
    fn offences_are_forgotten_after_a_day_unless_the_silence_lasts_longer() {
        let ann = UserId::parse("ann").unwrap();
        let [a, b] = ["a", "b"].map(|id| ConversationId::parse(id).unwrap());
        let mut offences = Offences::default();
        offences.insert(offence(1, Some("a"), None));
        offences.insert(offence(1, None, Some(40)));
        offences.insert(offence(25, Some("b"), None));
        assert_eq!(offences.first_position(), Some(1));
        offences.insert(offence(26, Some("b"), None));
        assert!(offences.find(Some(&a), &ann).is_none());
        assert_eq!(
            offences.find(Some(&b), &ann).map(|known| known.position),
            Some(26)
        );
        assert!(offences.find(None, &ann).is_some());
        offences.insert(offence(41, Some("b"), None));
        assert!(offences.find(None, &ann).is_none());
        assert_eq!(offences.first_position(), Some(41));
    }
}
