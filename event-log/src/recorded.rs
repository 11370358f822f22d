//! What the log needs to know of an event beyond its name and data.

use domain::conversation::event::ConversationEvent;
use domain::envelope::AggregateKind;
use domain::event::EventFamily;
use domain::mailbox::event::MailboxEvent;

/// An event that the log can keep.
pub trait Recorded: EventFamily {
    /// Which kind of aggregate has such events.
    const AGGREGATE: AggregateKind;

    /// The message that the event speaks of, if it speaks of one.
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
