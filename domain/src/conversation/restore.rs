//! The rule for restoring recalled messages.

use super::Conversation;
use super::command::RestoreMessage;
use super::event::{ConversationEvent, MessageRestored, Role};
use crate::refusal::Refusal;

impl Conversation {
    /// Restores a recalled message as it was: its body, mentions and reactions. In a direct
    /// conversation nobody can, because both users have the role `member`.
    pub(super) fn restore(
        &self,
        restore: RestoreMessage,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        let RestoreMessage { seq, by, message } = restore;
        let (_, caller) = self.require_member(&by)?;
        let message = self.require_visible_message(&by, seq, message.as_ref())?;
        if caller.role < Role::Admin {
            return Err(Refusal::forbidden(
                "Only the owner and admins of a group can restore a message.",
            ));
        }
        if message.erased {
            return Err(Refusal::rule_violation(
                "erased",
                "The content of the message was permanently erased, so it cannot be restored.",
            ));
        }
        if !message.recalled {
            return Ok(vec![]);
        }
        let restored = MessageRestored { seq, by };
        Ok(vec![ConversationEvent::MessageRestored(restored)])
    }
}
