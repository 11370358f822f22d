//! Decodes envelopes to domain events of the current version.

use domain::case::event::CaseEvent;
use domain::case::target::CaseId;
use domain::conversation::event::ConversationEvent;
use domain::desk::event::DeskEvent;
use domain::envelope::{AggregateKind, Envelope};
use domain::event::EventFamily as _;
use domain::file::event::FileEvent;
use domain::ids::{ConversationId, DeskId, FileId, UserId};
use domain::mailbox::event::MailboxEvent;
use domain::profile::event::ProfileEvent;
use domain::time::Timestamp;

/// The position, sequence and time of an event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EventPosition {
    /// The position in the log.
    pub position: i64,
    /// The sequence number within its conversation, mailbox or profile.
    pub sequence: i64,
    /// When the event was appended to the log.
    pub time: Timestamp,
}

/// The decoded content of an event.
#[derive(Debug)]
pub(crate) enum EventPayload {
    /// An event of a conversation.
    Conversation(ConversationId, ConversationEvent),
    /// An event of a user's mailbox.
    Mailbox(UserId, MailboxEvent),
    /// An event of a user's profile.
    Profile(UserId, ProfileEvent),
    /// An event of a case.
    Case(CaseId, CaseEvent),
    /// An event of a file.
    File(FileId, FileEvent),
    /// An event of a service desk.
    Desk(DeskId, DeskEvent),
    /// An event of an aggregate that no read model shows.
    Unprojected,
    /// An event that could not be decoded, with the reason.
    Unreadable(String),
}

/// An event with its decoded content.
#[derive(Debug)]
pub(crate) struct DecodedEvent<'a> {
    pub envelope: &'a Envelope,
    pub payload: EventPayload,
}

impl<'a> DecodedEvent<'a> {
    /// Decodes an event. An event that cannot be decoded becomes [`EventPayload::Unreadable`].
    pub fn new(envelope: &'a Envelope) -> Self {
        let payload = decode(envelope).unwrap_or_else(EventPayload::Unreadable);
        Self { envelope, payload }
    }

    /// The same event, marked as unreadable so that it is parked.
    pub fn poisoned(envelope: &'a Envelope, reason: String) -> Self {
        Self {
            envelope,
            payload: EventPayload::Unreadable(reason),
        }
    }

    pub fn position(&self) -> EventPosition {
        let Envelope {
            position,
            sequence,
            time,
            ..
        } = *self.envelope;
        EventPosition {
            position,
            sequence,
            time,
        }
    }
}

fn decode(envelope: &Envelope) -> Result<EventPayload, String> {
    let Envelope {
        aggregate,
        aggregate_id,
        event_type,
        version,
        data,
        ..
    } = envelope;
    let data = data.get().as_bytes();
    match aggregate {
        AggregateKind::Conversation => {
            let id = ConversationId::parse(aggregate_id).map_err(|e| e.to_string())?;
            let event =
                ConversationEvent::decode(event_type, *version, data).map_err(|e| e.to_string())?;
            Ok(EventPayload::Conversation(id, event))
        }
        AggregateKind::Mailbox => {
            let owner = UserId::parse(aggregate_id).map_err(|e| e.to_string())?;
            let event =
                MailboxEvent::decode(event_type, *version, data).map_err(|e| e.to_string())?;
            Ok(EventPayload::Mailbox(owner, event))
        }
        AggregateKind::Profile => {
            let user = UserId::parse(aggregate_id).map_err(|e| e.to_string())?;
            let event =
                ProfileEvent::decode(event_type, *version, data).map_err(|e| e.to_string())?;
            Ok(EventPayload::Profile(user, event))
        }
        AggregateKind::Case => {
            let id = CaseId::parse(aggregate_id).map_err(|e| e.to_string())?;
            let event = CaseEvent::decode(event_type, *version, data).map_err(|e| e.to_string())?;
            Ok(EventPayload::Case(id, event))
        }
        AggregateKind::File => {
            let id = FileId::parse(aggregate_id).map_err(|e| e.to_string())?;
            let event = FileEvent::decode(event_type, *version, data).map_err(|e| e.to_string())?;
            Ok(EventPayload::File(id, event))
        }
        AggregateKind::Desk => {
            let id = DeskId::parse(aggregate_id).map_err(|e| e.to_string())?;
            let event = DeskEvent::decode(event_type, *version, data).map_err(|e| e.to_string())?;
            Ok(EventPayload::Desk(id, event))
        }
        AggregateKind::Deployment => Ok(EventPayload::Unprojected),
    }
}
