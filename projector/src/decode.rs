//! From envelopes to events of today's shape.

use domain::conversation::event::ConversationEvent;
use domain::envelope::{AggregateKind, Envelope};
use domain::event::EventFamily as _;
use domain::ids::{ConversationId, UserId};
use domain::mailbox::event::MailboxEvent;
use domain::time::Timestamp;

/// Where an event stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// In the log.
    pub position: i64,
    /// In its conversation or mailbox.
    pub sequence: i64,
    /// When the log took it.
    pub time: Timestamp,
}

/// What an event says.
#[derive(Debug)]
pub(crate) enum Fact {
    /// Of a conversation.
    Conversation(ConversationId, ConversationEvent),
    /// Of a user's mailbox.
    Mailbox(UserId, MailboxEvent),
    /// Nothing that this program understands; why not.
    Unreadable(String),
}

/// An event, read as far as that was possible.
#[derive(Debug)]
pub(crate) struct Decoded<'a> {
    pub envelope: &'a Envelope,
    pub fact: Fact,
}

impl<'a> Decoded<'a> {
    /// Reads an event. What cannot be read becomes [`Fact::Unreadable`].
    pub fn new(envelope: &'a Envelope) -> Self {
        let fact = read(envelope).unwrap_or_else(Fact::Unreadable);
        Self { envelope, fact }
    }

    /// The same event, taken for unreadable.
    pub fn condemned(envelope: &'a Envelope, why: String) -> Self {
        Self {
            envelope,
            fact: Fact::Unreadable(why),
        }
    }

    pub fn place(&self) -> Place {
        let Envelope {
            position,
            sequence,
            time,
            ..
        } = *self.envelope;
        Place {
            position,
            sequence,
            time,
        }
    }
}

fn read(envelope: &Envelope) -> Result<Fact, String> {
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
                ConversationEvent::read(event_type, *version, data).map_err(|e| e.to_string())?;
            Ok(Fact::Conversation(id, event))
        }
        AggregateKind::Mailbox => {
            let owner = UserId::parse(aggregate_id).map_err(|e| e.to_string())?;
            let event =
                MailboxEvent::read(event_type, *version, data).map_err(|e| e.to_string())?;
            Ok(Fact::Mailbox(owner, event))
        }
    }
}
