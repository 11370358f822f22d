//! The rules for what moderators do about a message: recall it, and undo that.

use super::Conversation;
use super::command::{MessageAct, ModerateMessage};
use super::event::{ConversationEvent, MessageRecalled, MessageRestored, Role};
use crate::message::MessageState;
use crate::refusal::Refusal;

impl Conversation {
    /// Moderators need not be members, and can act in a direct conversation too. The owner and
    /// admins of a group can do the same, as far as they see its messages.
    pub(super) fn moderate_message(
        &self,
        moderate: &ModerateMessage,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        let message = self.require_moderated_message(moderate)?;
        let (seq, by) = (moderate.seq, moderate.by.clone());
        match &moderate.act {
            MessageAct::Recall if message.recalled => Ok(vec![]),
            MessageAct::Recall => {
                let unpinned = self.unpin_removed(seq, &by);
                let recalled = ConversationEvent::MessageRecalled(MessageRecalled { seq, by });
                Ok(std::iter::once(recalled).chain(unpinned).collect())
            }
            MessageAct::UndoRecall { recalled_by } => {
                let stays = message.erased || message.recalled_by.as_ref() != Some(recalled_by);
                let restored = ConversationEvent::MessageRestored(MessageRestored { seq, by });
                Ok((!stays).then_some(restored).into_iter().collect())
            }
        }
    }

    fn require_moderated_message<'a>(
        &'a self,
        moderate: &'a ModerateMessage,
    ) -> Result<&'a MessageState, Refusal> {
        let ModerateMessage {
            seq, by, message, ..
        } = moderate;
        if !moderate.by_moderator {
            let (_, caller) = self.require_member(by)?;
            let message = self.require_visible_message(by, *seq, message.as_ref())?;
            if caller.role < Role::Admin {
                return Err(Refusal::forbidden(
                    "Only the owner, admins and moderators can decide about the messages of others.",
                ));
            }
            return Ok(message);
        }
        self.recent_message(*seq)
            .or(message.as_ref())
            .ok_or_else(Refusal::not_found)
    }
}
