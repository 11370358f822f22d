//! Records the state of members and conversations after each event that changed it, for `as_of`
//! reads.

use super::Fold;
use crate::decode::Place;
use crate::memory::{Conversation, MemberKey};
use crate::rows::ConversationVersion;

impl Fold<'_> {
    /// Records a member's state from this position on. The effect of a member's own messages is not
    /// recorded: it follows from the messages.
    pub(super) fn note_member(&mut self, at: Place, key: MemberKey) {
        if let Some(member) = self.picture.members.get(&key) {
            let version = (key, at.position);
            self.rows.member_history.insert(version, member.now);
        }
    }

    /// Records a conversation's state from this position on.
    pub(super) fn note_conversation(&mut self, at: Place, conversation: &Conversation) {
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
