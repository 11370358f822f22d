//! The rules that have flagged the text of an event. They decide nothing: only moderators learn of
//! them.

use super::event::ConversationEvent;
use crate::ids::RuleName;

impl ConversationEvent {
    /// The same event, which records that these rules flagged its text. An event that stores no
    /// text stays as it is.
    #[must_use]
    pub fn flagged(mut self, flags: &[RuleName]) -> Self {
        let known = match &mut self {
            Self::MessageSent(sent) => &mut sent.flags,
            Self::MessageEdited(edited) => &mut edited.flags,
            Self::ConversationCreated(created) => &mut created.flags,
            Self::ConversationChanged(changed) => &mut changed.flags,
            Self::ConversationPolicyChanged(changed) => &mut changed.flags,
            _ => return self,
        };
        flags.clone_into(known);
        self
    }

    /// The rules that flagged the text of the event.
    pub fn flags(&self) -> &[RuleName] {
        match self {
            Self::MessageSent(sent) => &sent.flags,
            Self::MessageEdited(edited) => &edited.flags,
            Self::ConversationCreated(created) => &created.flags,
            Self::ConversationChanged(changed) => &changed.flags,
            Self::ConversationPolicyChanged(changed) => &changed.flags,
            _ => &[],
        }
    }
}
