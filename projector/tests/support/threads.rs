//! Random threads, and what users do with them.

use domain::conversation::command::ThreadLookup;
use domain::ids::ConversationId;
use domain::mailbox::command::{FollowThread, MailboxCommand, ReadThread};

use super::history::HistoryGenerator;

impl HistoryGenerator {
    /// The thread of a recent message, for some messages.
    pub(super) fn random_thread(&mut self, id: &ConversationId) -> Option<ThreadLookup> {
        if self.conversations[id].head_seq() == 0 || !self.rng.chance(25) {
            return None;
        }
        let seq = self.random_seq(id);
        let message = self.conversations[id].recent_message(seq)?;
        Some(ThreadLookup {
            root: message.thread.unwrap_or(seq),
            message: None,
        })
    }

    /// Follows, unfollows or reads a thread.
    pub(super) fn mark_thread(&mut self) {
        let Some((id, member)) = self.random_membership() else {
            return;
        };
        let Some(membership) = self.conversations[&id].membership_snapshot(&member) else {
            return;
        };
        let (root, up_to) = (self.random_seq(&id), self.random_seq(&id));
        let command = if self.rng.chance(60) {
            MailboxCommand::FollowThread(FollowThread {
                conversation: id,
                root,
                follow: self.rng.chance(50),
                membership,
            })
        } else {
            MailboxCommand::ReadThread(ReadThread {
                conversation: id,
                root,
                up_to,
                membership,
            })
        };
        self.run_mailbox_command(&member, command);
    }
}
