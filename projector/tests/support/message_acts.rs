//! Erasures, restores, pins and clears of random histories.

use domain::conversation::command::{ConversationCommand, EraseContent, RestoreMessage, UpdatePin};
use domain::conversation::event::Role;
use domain::mailbox::command::{ClearConversation, MailboxCommand};

use super::history::HistoryGenerator;

impl HistoryGenerator {
    pub(super) fn erase(&mut self) {
        let Some((id, by)) = self.random_membership() else {
            return;
        };
        let seqs = if self.conversations[&id].head_seq() > 0 {
            vec![self.random_seq(&id)]
        } else {
            vec![]
        };
        let title = self.rng.chance(30);
        self.run_command(
            &id,
            ConversationCommand::Erase(EraseContent { seqs, title, by }),
        );
    }

    /// Restores a message that was recalled recently, if there is one.
    pub(super) fn restore(&mut self) {
        let Some((id, member)) = self.random_membership() else {
            return;
        };
        let state = &self.conversations[&id];
        let is_recalled = |seq: &i64| {
            let message = state.recent_message(*seq);
            message.is_some_and(|message| message.recalled && !message.erased)
        };
        let recalled: Vec<i64> = (1..=state.head_seq()).filter(is_recalled).collect();
        let owner = self.users.iter().find(|user| {
            let role = state.role_of(user);
            role == Some(Role::Owner)
        });
        let by = owner.cloned().unwrap_or(member);
        if recalled.is_empty() {
            return;
        }
        let restore = RestoreMessage {
            seq: *self.rng.pick(&recalled),
            by,
            message: None,
        };
        self.run_command(&id, ConversationCommand::Restore(restore));
    }

    pub(super) fn pin(&mut self) {
        let Some((id, by)) = self.random_membership() else {
            return;
        };
        let pin = UpdatePin {
            seq: self.random_seq(&id),
            by,
            message: None,
        };
        let command = if self.rng.chance(70) {
            ConversationCommand::Pin(pin)
        } else {
            ConversationCommand::Unpin(pin)
        };
        self.run_command(&id, command);
    }

    pub(super) fn clear(&mut self) {
        let Some((id, member)) = self.random_membership() else {
            return;
        };
        let Some(membership) = self.conversations[&id].membership_snapshot(&member) else {
            return;
        };
        let up_to = self.random_seq(&id);
        let clear = ClearConversation {
            conversation: id,
            up_to,
            membership,
        };
        self.run_mailbox_command(&member, MailboxCommand::Clear(clear));
    }
}
