//! The scheduled messages that wait: pure, a fold of the log.

use std::collections::{BTreeSet, HashMap};

use domain::envelope::{AggregateKind, Envelope};
use domain::event::EventFamily as _;
use domain::ids::UserId;
use domain::mailbox::event::MailboxEvent;
use domain::time::Timestamp;
use event_log::LogError;

/// The events that say which messages wait.
pub(super) const EVENT_TYPES: [&str; 5] = [
    "message_scheduled",
    "scheduled_message_changed",
    "scheduled_message_cancelled",
    "scheduled_message_sent",
    "scheduled_message_failed",
];

/// A scheduled message that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DueKey {
    pub(super) owner: UserId,
    pub(super) number: i64,
    pub(super) send_at: Timestamp,
}

/// The scheduled messages that wait, by the time at which they are due.
#[derive(Debug, Default)]
pub(super) struct WaitingMessages {
    by_time: BTreeSet<(Timestamp, UserId, i64)>,
    times: HashMap<(UserId, i64), Timestamp>,
}

impl WaitingMessages {
    fn set(&mut self, owner: &UserId, number: i64, time: Option<Timestamp>) {
        let key = (owner.clone(), number);
        let before = match time {
            Some(time) => self.times.insert(key, time),
            None => self.times.remove(&key),
        };
        if let Some(before) = before {
            self.by_time.remove(&(before, owner.clone(), number));
        }
        if let Some(time) = time {
            self.by_time.insert((time, owner.clone(), number));
        }
    }

    /// Folds the next event.
    pub(super) fn fold(&mut self, event: &Envelope) -> Result<(), LogError> {
        if event.aggregate != AggregateKind::Mailbox {
            return Ok(());
        }
        let corrupt = |reason: String| LogError::Corrupt(reason);
        let owner = UserId::parse(&event.aggregate_id).map_err(|e| corrupt(e.to_string()))?;
        let data = event.data.get().as_bytes();
        let fact = MailboxEvent::decode(&event.event_type, event.version, data)
            .map_err(|error| corrupt(error.to_string()))?;
        let time = match &fact {
            MailboxEvent::MessageScheduled(scheduled) => Some(scheduled.send_at),
            MailboxEvent::ScheduledMessageChanged(changed) => Some(changed.send_at),
            _ => None,
        };
        if let Some(number) = fact.scheduled_number() {
            self.set(&owner, number, time);
        }
        Ok(())
    }

    /// Forgets the messages of a user, which cannot be read.
    pub(super) fn pass_over(&mut self, user: &UserId) {
        self.times.retain(|(owner, _), _| owner != user);
        self.by_time.retain(|(_, owner, _)| owner != user);
    }

    /// The messages that are due, at most this many, in the order of their times.
    pub(super) fn due(&self, now: Timestamp, limit: usize) -> Vec<DueKey> {
        let in_order = self.by_time.iter().take_while(|(time, ..)| *time <= now);
        let due = in_order.take(limit).map(|(time, owner, number)| DueKey {
            owner: owner.clone(),
            number: *number,
            send_at: *time,
        });
        due.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> UserId {
        UserId::parse(name).expect("a user")
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn messages_are_due_in_the_order_of_their_times() {
        let mut waiting = WaitingMessages::default();
        waiting.set(&user("ann"), 1, Some(at(30)));
        waiting.set(&user("bob"), 1, Some(at(10)));
        waiting.set(&user("ann"), 2, Some(at(20)));
        let due = |waiting: &WaitingMessages, now| -> Vec<(String, i64)> {
            let due = waiting.due(at(now), 10).into_iter();
            due.map(|key| (key.owner.to_string(), key.number)).collect()
        };
        assert_eq!(due(&waiting, 9), []);
        assert_eq!(due(&waiting, 20), [("bob".into(), 1), ("ann".into(), 2)]);
        assert_eq!(waiting.due(at(20), 1).len(), 1);
        // A change moves it, and whatever became of it ends it.
        waiting.set(&user("bob"), 1, Some(at(40)));
        waiting.set(&user("ann"), 2, None);
        assert_eq!(due(&waiting, 20), []);
        assert_eq!(due(&waiting, 40), [("ann".into(), 1), ("bob".into(), 1)]);
        waiting.pass_over(&user("ann"));
        assert_eq!(due(&waiting, 40), [("bob".into(), 1)]);
    }
}
