//! What the read models were, noted after each event that changed it.

use super::Fold;
use crate::decode::Place;
use crate::memory::{Conversation, MemberKey};
use crate::rows::ConversationVersion;

impl Fold<'_> {
    /// A member is as it is from this position on. Own messages need no note: the messages say so.
    pub(super) fn note_member(&mut self, at: Place, key: MemberKey) {
        if let Some(member) = self.picture.members.get(&key) {
            let noted = (key, at.position);
            self.rows.member_history.insert(noted, member.now);
        }
    }

    /// The same of a conversation.
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
