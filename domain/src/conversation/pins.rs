//! Rules for pinned messages.

use super::Conversation;
use super::command::UpdatePin;
use super::event::{ConversationEvent, ConversationKind, MessagePin, Role};
use super::messages::recalled_refusal;
use crate::ids::UserId;
use crate::refusal::Refusal;

/// The maximum number of pinned messages of a conversation: a list that people still read.
const MAX_PINNED_MESSAGES: usize = 100;

impl Conversation {
    /// Whether a message is pinned.
    pub fn is_pinned(&self, seq: i64) -> bool {
        self.pins.contains(&seq)
    }

    pub(super) fn pin(&self, pin: UpdatePin) -> Result<Vec<ConversationEvent>, Refusal> {
        let UpdatePin { seq, by, message } = pin;
        self.require_pinning_member(&by, seq)?;
        let message = self.require_visible_message(&by, seq, message.as_ref())?;
        if message.recalled {
            return Err(recalled_refusal());
        }
        if self.is_pinned(seq) {
            return Ok(vec![]);
        }
        if self.pins.len() >= MAX_PINNED_MESSAGES {
            return Err(Refusal::invalid(
                "seq",
                format!(
                    "The conversation has {MAX_PINNED_MESSAGES} pinned messages, which is the \
                     maximum. Unpin one first."
                ),
            ));
        }
        Ok(vec![ConversationEvent::MessagePinned(MessagePin {
            seq,
            by,
        })])
    }

    pub(super) fn unpin(&self, pin: UpdatePin) -> Result<Vec<ConversationEvent>, Refusal> {
        let UpdatePin { seq, by, .. } = pin;
        self.require_pinning_member(&by, seq)?;
        Ok(self.unpin_removed(seq, &by).into_iter().collect())
    }

    /// The event that unpins a message, if it is pinned. A recall and an erasure unpin too.
    pub(super) fn unpin_removed(&self, seq: i64, by: &UserId) -> Option<ConversationEvent> {
        let by = by.clone();
        self.is_pinned(seq)
            .then_some(ConversationEvent::MessageUnpinned(MessagePin { seq, by }))
    }

    /// Every member of a direct conversation can pin; in a group, the owner and admins.
    fn require_pinning_member(&self, by: &UserId, seq: i64) -> Result<(), Refusal> {
        let (about, caller) = self.require_member(by)?;
        if !self.can_see(by, seq) {
            return Err(Refusal::not_found());
        }
        if about.kind == ConversationKind::Group && caller.role < Role::Admin {
            return Err(Refusal::forbidden(
                "Only the owner and admins of a group can pin and unpin messages.",
            ));
        }
        Ok(())
    }

    pub(super) fn apply_pinned(&mut self, seq: i64) {
        if !self.is_pinned(seq) {
            self.pins.push(seq);
        }
    }

    pub(super) fn apply_unpinned(&mut self, seq: i64) {
        self.pins.retain(|pinned| *pinned != seq);
    }
}
