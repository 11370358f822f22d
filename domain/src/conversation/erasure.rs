//! Rules for permanently erasing content, and the form of an event after its content is erased.
//!
//! An erasure is recorded by ordinary events. The event log then removes the erased content from
//! the stored earlier events; see [`ConversationEvent::without_content`].

use super::Conversation;
use super::access_event::ConversationPolicyChanged;
use super::command::EraseContent;
use super::event::{ConversationEvent, MessageErased, TitleErased};
use crate::body::MessageBody;
use crate::ids::UserId;
use crate::refusal::Refusal;

impl Conversation {
    /// Erases messages, which also unpins them, and the title with all other text that users wrote
    /// about the conversation: its topic, avatar and custom fields, notes of join requests, reasons
    /// of sanctions, and what was written about service sessions. Operators request this, so the
    /// caller need not be a member. Messages known to be erased are skipped.
    pub(super) fn erase(&self, erase: EraseContent) -> Result<Vec<ConversationEvent>, Refusal> {
        let EraseContent { seqs, title, by } = erase;
        let about = self.details.as_ref().ok_or_else(Refusal::not_found)?;
        let mut events = Vec::with_capacity(seqs.len() + 1);
        for seq in seqs {
            if seq < 1 || seq > self.head_seq {
                return Err(Refusal::not_found());
            }
            if !self
                .recent_message(seq)
                .is_some_and(|message| message.erased)
            {
                let erased = MessageErased {
                    seq,
                    by: by.clone(),
                };
                events.push(ConversationEvent::MessageErased(erased));
                events.extend(self.unpin_removed(seq, &by));
            }
        }
        if title && !about.title_erased {
            let policy = &self.access.policy;
            // What is shown to clients now ends by an ordinary change, so that they see it live.
            if policy.has_text() {
                let (policy, by) = (policy.clone().without_text(), by.clone());
                events.push(ConversationEvent::ConversationPolicyChanged(
                    ConversationPolicyChanged {
                        policy,
                        by,
                        flags: Vec::new(),
                    },
                ));
            }
            events.push(ConversationEvent::TitleErased(TitleErased { by }));
        }
        Ok(events)
    }
}

impl ConversationEvent {
    /// The event with its content erased. It keeps its schema and still records who did what and
    /// when. Returns `None` for an event without erasable content.
    pub fn without_content(self) -> Option<Self> {
        match self {
            Self::MessageSent(mut sent) => {
                sent.body = MessageBody::erased_placeholder();
                sent.mentions = Vec::new();
                sent.client_message_id = None;
                Some(Self::MessageSent(sent))
            }
            Self::MessageEdited(mut edited) => {
                edited.body = MessageBody::erased_placeholder();
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
            Self::ConversationPolicyChanged(mut changed) => {
                changed.policy = changed.policy.without_text();
                Some(Self::ConversationPolicyChanged(changed))
            }
            Self::MemberSilenced(mut sanction) => {
                sanction.reason = None;
                Some(Self::MemberSilenced(sanction))
            }
            Self::MemberBanned(mut sanction) => {
                sanction.reason = None;
                Some(Self::MemberBanned(sanction))
            }
            Self::JoinRequested(mut requested) => {
                requested.note = None;
                Some(Self::JoinRequested(requested))
            }
            Self::SessionOpened(mut opened) => {
                opened.custom = None;
                Some(Self::SessionOpened(opened))
            }
            Self::SessionNoted(mut noted) => {
                noted.text = None;
                Some(Self::SessionNoted(noted))
            }
            Self::SessionClosed(mut closed) => {
                closed.reason = closed.reason.filter(|_| closed.by == UserId::system());
                Some(Self::SessionClosed(closed))
            }
            Self::SessionRated(mut rated) => {
                rated.text = None;
                Some(Self::SessionRated(rated))
            }
            _ => None,
        }
    }
}
