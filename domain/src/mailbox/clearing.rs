//! Rules for clearing: the owner no longer sees the beginning of a conversation. This never goes
//! back, and rejoining does not bring it back either.

use super::Mailbox;
use super::command::ClearConversation;
use super::event::{ClearedHistory, MailboxEvent};
use crate::ids::ConversationId;
use crate::refusal::Refusal;

impl Mailbox {
    /// Whether the owner has cleared this message from their view.
    pub fn has_cleared(&self, conversation: &ConversationId, seq: i64) -> bool {
        seq <= self.cleared_seq(conversation)
    }

    fn cleared_seq(&self, conversation: &ConversationId) -> i64 {
        self.cleared.get(conversation).copied().unwrap_or(0)
    }

    pub(super) fn clear(&self, clear: ClearConversation) -> Result<Option<MailboxEvent>, Refusal> {
        let ClearConversation {
            conversation,
            up_to,
            membership,
        } = clear;
        if up_to < 1 {
            return Err(Refusal::invalid("up_to", "Expected a seq, 1 or more."));
        }
        let up_to = up_to.min(membership.head_seq);
        if up_to <= self.cleared_seq(&conversation) {
            return Ok(None);
        }
        Ok(Some(MailboxEvent::ConversationCleared(ClearedHistory {
            conversation,
            up_to,
        })))
    }

    pub(super) fn apply_cleared(&mut self, cleared: ClearedHistory) {
        let up_to = self.cleared.entry(cleared.conversation).or_default();
        *up_to = cleared.up_to.max(*up_to);
    }
}
