//! The properties of an event that the log needs in addition to its name and data.

use domain::conversation::event::ConversationEvent;
use domain::envelope::AggregateKind;
use domain::event::EventFamily;
use domain::mailbox::event::MailboxEvent;

/// An event that the log can store.
pub trait Recorded: EventFamily {
    /// The kind of aggregate that has these events.
    const AGGREGATE: AggregateKind;

    /// The seq of the message that the event is about, if any.
    fn message(&self) -> Option<i64>;
}

impl Recorded for ConversationEvent {
    const AGGREGATE: AggregateKind = AggregateKind::Conversation;

    fn message(&self) -> Option<i64> {
        match self {
            Self::MessageSent(event) => Some(event.seq),
            Self::MessageEdited(event) => Some(event.seq),
            Self::MessageRecalled(event) => Some(event.seq),
            Self::MessageErased(event) => Some(event.seq),
            Self::ReactionAdded(event) | Self::ReactionRemoved(event) => Some(event.seq),
            Self::ConversationCreated(_)
            | Self::ConversationChanged(_)
            | Self::MemberAdded(_)
            | Self::MemberRemoved(_)
            | Self::MemberRoleChanged(_)
            | Self::TitleErased(_) => None,
        }
    }
}

impl Recorded for MailboxEvent {
    const AGGREGATE: AggregateKind = AggregateKind::Mailbox;

    fn message(&self) -> Option<i64> {
        None
    }
}
