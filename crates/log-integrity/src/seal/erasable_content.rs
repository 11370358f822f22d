//! Erasable content: an event may lack its salt only if its content has been removed and another
//! event erased it.

use domain::conversation::event::ConversationEvent;
use domain::envelope::{AggregateKind, Envelope};
use domain::event::{EventFamily as _, EventNote};
use domain::file::event::FileEvent;
use domain::mailbox::event::MailboxEvent;
use domain::profile::event::ProfileEvent;

use crate::erasure::ERASURE_EVENT_TYPES;

/// The body of a message, also of a scheduled or held one, the title of a conversation, what a
/// profile says, the notes of a user, or the name of a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct ErasableContent {
    aggregate: AggregateKind,
    aggregate_id: String,
    /// The seq of the message, or the number of the scheduled or held message; `None` for a title,
    /// a profile, a file, or the notes of the owner of a mailbox.
    seq: Option<i64>,
}

/// Identifies the content that may be missing from a redacted event. Empty if the event is not
/// redacted. A note can be erased with its author or with the conversation.
pub(super) fn identify_redacted_content(event: &Envelope) -> Vec<ErasableContent> {
    let content = identify_body_or_title(event);
    content.into_iter().chain(identify_note(event)).collect()
}

fn identify_note(event: &Envelope) -> Option<ErasableContent> {
    let data = event.data.get().as_bytes();
    let note = EventNote::parse(&event.event_type, &event.aggregate_id, data)?;
    (!note.is_present()).then(|| ErasableContent {
        aggregate: AggregateKind::Mailbox,
        aggregate_id: note.author().to_owned(),
        seq: None,
    })
}

fn identify_body_or_title(event: &Envelope) -> Option<ErasableContent> {
    if event.aggregate == AggregateKind::Profile {
        let decoded = decode_profile_event(event)?;
        let is_redacted = decoded.clone().without_content().as_ref() == Some(&decoded);
        return is_redacted.then(|| erasable_content(event, None));
    }
    if event.aggregate == AggregateKind::File {
        let decoded = decode_file_event(event)?;
        let is_redacted = decoded.clone().without_content().as_ref() == Some(&decoded);
        return is_redacted.then(|| erasable_content(event, None));
    }
    if event.aggregate == AggregateKind::Mailbox {
        let decoded = decode_mailbox_event(event)?;
        let is_redacted = decoded.clone().without_content().as_ref() == Some(&decoded);
        return is_redacted.then(|| erasable_content(event, decoded.waiting_number()));
    }
    let decoded = decode_event(event)?;
    let is_redacted = decoded.clone().without_content().as_ref() == Some(&decoded);
    let seq = match &decoded {
        ConversationEvent::MessageSent(sent) => Some(sent.seq),
        ConversationEvent::MessageEdited(edited) => Some(edited.seq),
        _ => None,
    };
    is_redacted.then(|| erasable_content(event, seq))
}

fn erasable_content(event: &Envelope, seq: Option<i64>) -> ErasableContent {
    ErasableContent {
        aggregate: event.aggregate,
        aggregate_id: event.aggregate_id.clone(),
        seq,
    }
}

/// Identifies the content that an erasure event erased. `None` for any other event.
pub(super) fn identify_erased_content(event: &Envelope) -> Option<ErasableContent> {
    if !ERASURE_EVENT_TYPES.contains(&event.event_type.as_str()) {
        return None;
    }
    if event.aggregate == AggregateKind::Profile {
        let erased = decode_profile_event(event)?;
        let is_erasure = matches!(erased, ProfileEvent::ProfileErased(_));
        return is_erasure.then(|| erasable_content(event, None));
    }
    if event.aggregate == AggregateKind::File {
        let is_erasure = matches!(decode_file_event(event)?, FileEvent::FileDeleted(_));
        return is_erasure.then(|| erasable_content(event, None));
    }
    if event.aggregate == AggregateKind::Mailbox {
        let erasing = decode_mailbox_event(event)?;
        return Some(erasable_content(event, erasing.waiting_number()));
    }
    let seq = match decode_event(event)? {
        ConversationEvent::MessageErased(erased) => Some(erased.seq),
        ConversationEvent::TitleErased(_) => None,
        _ => return None,
    };
    Some(erasable_content(event, seq))
}

fn decode_mailbox_event(event: &Envelope) -> Option<MailboxEvent> {
    let data = event.data.get().as_bytes();
    MailboxEvent::decode(&event.event_type, event.version, data).ok()
}

fn decode_event(event: &Envelope) -> Option<ConversationEvent> {
    if event.aggregate != AggregateKind::Conversation {
        return None;
    }
    let data = event.data.get().as_bytes();
    ConversationEvent::decode(&event.event_type, event.version, data).ok()
}

fn decode_profile_event(event: &Envelope) -> Option<ProfileEvent> {
    let data = event.data.get().as_bytes();
    ProfileEvent::decode(&event.event_type, event.version, data).ok()
}

fn decode_file_event(event: &Envelope) -> Option<FileEvent> {
    let data = event.data.get().as_bytes();
    FileEvent::decode(&event.event_type, event.version, data).ok()
}
