//! What an event must be whose salt is gone: one without content, that another event says was erased.

use domain::conversation::event::ConversationEvent;
use domain::envelope::{AggregateKind, Envelope};
use domain::event::EventFamily as _;

/// A message, or the title, of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Erasable {
    conversation: String,
    /// `None` for the title.
    seq: Option<i64>,
}

/// What this event has lost; `None` if it is not what erasure leaves.
pub(super) fn left_of(event: &Envelope) -> Option<Erasable> {
    let fact = read(event)?;
    let is_left = fact.clone().without_content().as_ref() == Some(&fact);
    let seq = match &fact {
        ConversationEvent::MessageSent(sent) => Some(sent.seq),
        ConversationEvent::MessageEdited(edited) => Some(edited.seq),
        _ => None,
    };
    is_left.then(|| Erasable {
        conversation: event.aggregate_id.clone(),
        seq,
    })
}

/// What this event says was erased.
pub(super) fn erased_by(event: &Envelope) -> Option<Erasable> {
    if !["message_erased", "title_erased"].contains(&event.event_type.as_str()) {
        return None;
    }
    let seq = match read(event)? {
        ConversationEvent::MessageErased(erased) => Some(erased.seq),
        ConversationEvent::TitleErased(_) => None,
        _ => return None,
    };
    Some(Erasable {
        conversation: event.aggregate_id.clone(),
        seq,
    })
}

fn read(event: &Envelope) -> Option<ConversationEvent> {
    if event.aggregate != AggregateKind::Conversation {
        return None;
    }
    let data = event.data.get().as_bytes();
    ConversationEvent::read(&event.event_type, event.version, data).ok()
}
