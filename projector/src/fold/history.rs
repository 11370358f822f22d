//! Records the state of members and conversations after each event that changed it, for `as_of`
//! reads.

use super::state::Fold;
use crate::decode::EventPosition;
use crate::row_cache::{ConversationState, MemberKey};
use crate::rows::ConversationVersion;

impl Fold<'_> {
    /// Records a member's state from this position on. The effect of a member's own messages is not
    /// recorded: it follows from the messages.
    pub(super) fn record_member(&mut self, at: EventPosition, key: MemberKey) {
        if let Some(member) = self.working_set.members.get(&key) {
            let version = (key, at.position);
            self.rows.member_history.insert(version, member.row);
        }
    }

    /// Records a conversation's state from this position on.
    pub(super) fn record_conversation(
        &mut self,
        at: EventPosition,
        conversation: &ConversationState,
    ) {
        self.rows.conversation_history.push(ConversationVersion {
            conversation: conversation.id,
            position: at.position,
            activity: conversation.activity,
            title: conversation.title.clone(),
            history: conversation.history,
            member_count: conversation.member_count,
        });
    }
}
