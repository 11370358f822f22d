//! The messages of one conversation: four bytes for each, and what counting them needs.

/// The bit of a control message, which never counts.
const CONTROL: u32 = 1 << 31;
/// The bit of a message that was recalled or erased.
const RECALLED: u32 = 1 << 30;
/// The bits of the sender's id.
const SENDER: u32 = RECALLED - 1;

/// The messages of a conversation, and those of them that do not count.
#[derive(Debug, Default)]
pub(super) struct MessageList {
    /// By seq, from 1: the sender and the bits above.
    messages: Vec<u32>,
    /// The seqs of control messages, sorted.
    controls: Vec<i64>,
    /// The seqs of other messages that were recalled, sorted.
    recalled: Vec<i64>,
}

impl MessageList {
    /// Adds the next message.
    pub fn push(&mut self, sender: i64, is_countable: bool) {
        let sender = u32::try_from(sender).unwrap_or(SENDER).min(SENDER);
        self.messages.push(if is_countable {
            sender
        } else {
            sender | CONTROL
        });
        if !is_countable {
            self.controls.push(self.head());
        }
    }

    /// Records that a message was recalled or erased, perhaps again.
    pub fn recall(&mut self, seq: i64) {
        let index = usize::try_from(seq - 1).ok();
        let Some(message) = index.and_then(|index| self.messages.get_mut(index)) else {
            return;
        };
        if *message & (RECALLED | CONTROL) == 0 {
            let at = self.recalled.partition_point(|recalled| *recalled < seq);
            self.recalled.insert(at, seq);
        }
        *message |= RECALLED;
    }

    /// Records that a recalled message was restored.
    pub fn restore(&mut self, seq: i64) {
        let index = usize::try_from(seq - 1).ok();
        if let Some(message) = index.and_then(|index| self.messages.get_mut(index)) {
            *message &= !RECALLED;
        }
        self.recalled.retain(|recalled| *recalled != seq);
    }

    /// The seq of the newest message.
    pub fn head(&self) -> i64 {
        self.messages.len() as i64
    }

    /// The messages with `after < seq <= until` that count for a user. `own_seq` is the newest
    /// message of the user: only if it lies in the range are the senders looked at.
    pub fn count(&self, after: i64, until: i64, user: i64, own_seq: i64) -> i64 {
        let (after, until) = (after.max(0), until.min(self.head()));
        if until <= after {
            return 0;
        }
        let all = until - after;
        let excluded =
            in_range(&self.controls, after, until) + in_range(&self.recalled, after, until);
        let own = if own_seq > after {
            self.count_own(after, until, user)
        } else {
            0
        };
        all - excluded - own
    }

    fn count_own(&self, after: i64, until: i64, user: i64) -> i64 {
        let user = u32::try_from(user).unwrap_or(SENDER);
        let range = after as usize..until as usize;
        let own = self.messages[range].iter();
        // Neither bit is set: the message counts for others.
        own.filter(|message| **message == user).count() as i64
    }
}

/// How many of the sorted seqs are in the range `after < seq <= until`.
fn in_range(seqs: &[i64], after: i64, until: i64) -> i64 {
    let begin = seqs.partition_point(|seq| *seq <= after);
    let end = seqs.partition_point(|seq| *seq <= until);
    (end - begin) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Messages of ann (1), bob (2), ann, a control message of bob, and bob.
    fn list() -> MessageList {
        let mut list = MessageList::default();
        for (sender, is_countable) in [(1, true), (2, true), (1, true), (2, false), (2, true)] {
            list.push(sender, is_countable);
        }
        list
    }

    #[test]
    fn control_messages_and_own_ones_do_not_count() {
        let list = list();
        assert_eq!(list.head(), 5);
        assert_eq!(list.count(0, 5, 3, 0), 4, "for somebody else");
        assert_eq!(
            list.count(0, 5, 2, 5),
            2,
            "for bob, whose mark was moved back"
        );
        assert_eq!(list.count(3, 5, 1, 3), 1, "for ann after her last message");
        assert_eq!(list.count(4, 5, 3, 0), 1);
        assert_eq!(list.count(5, 5, 3, 0), 0);
        assert_eq!(list.count(7, 5, 3, 0), 0, "a mark beyond the head");
    }

    #[test]
    fn a_recall_counts_once_for_others_and_for_the_sender() {
        let mut list = list();
        for seq in [3, 3, 4, 9] {
            list.recall(seq);
        }
        assert_eq!(list.count(0, 5, 3, 0), 3);
        assert_eq!(list.count(0, 5, 1, 3), 2, "the recalled one was ann's own");
    }

    #[test]
    fn a_restored_message_counts_again() {
        let mut list = list();
        for seq in [3, 4, 9] {
            list.recall(seq);
            list.restore(seq);
        }
        assert_eq!(list.count(0, 5, 3, 0), 4);
        assert_eq!(list.count(0, 5, 1, 3), 2);
    }
}
