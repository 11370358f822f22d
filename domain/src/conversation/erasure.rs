//! Taking content out of a conversation for good: what an erasure decides, and what is left of an event.
//!
//! The events that erase are events like all others. What they erase is then taken out of the events before
//! them, where these are stored: see [`ConversationEvent::without_content`].

use super::Conversation;
use super::command::Erase;
use super::event::{ConversationEvent, MessageErased, TitleErased};
use crate::body::Body;
use crate::refusal::Refusal;

impl Conversation {
    /// Nobody needs to be a member for this: it is asked by those who run the system. Messages that are known
    /// to be erased are passed over.
    pub(super) fn erase(&self, erase: Erase) -> Result<Vec<ConversationEvent>, Refusal> {
        let Erase { seqs, title, by } = erase;
        let about = self.about.as_ref().ok_or_else(Refusal::not_found)?;
        let mut events = Vec::with_capacity(seqs.len() + 1);
        for seq in seqs {
            if seq < 1 || seq > self.head_seq {
                return Err(Refusal::not_found());
            }
            if !self.remembered(seq).is_some_and(|message| message.erased) {
                let by = by.clone();
                events.push(ConversationEvent::MessageErased(MessageErased { seq, by }));
            }
        }
        if title && !about.title_erased {
            events.push(ConversationEvent::TitleErased(TitleErased { by }));
        }
        Ok(events)
    }
}

impl ConversationEvent {
    /// The event as it is after what it carries was erased: it keeps its shape, and says who did what when.
    /// `None` for an event that carries nothing that can be erased.
    pub fn without_content(self) -> Option<Self> {
        match self {
            Self::MessageSent(mut sent) => {
                sent.body = Body::erased();
                sent.mentions = Vec::new();
                Some(Self::MessageSent(sent))
            }
            Self::MessageEdited(mut edited) => {
                edited.body = Body::erased();
                Some(Self::MessageEdited(edited))
            }
            Self::ConversationCreated(mut created) => {
                created.title = None;
                Some(Self::ConversationCreated(created))
            }
            Self::ConversationChanged(mut changed) => {
                changed.title = None;
                Some(Self::ConversationChanged(changed))
            }
            _ => None,
        }
    }
}
