//! The properties of an event that the log needs in addition to its name and data.

use domain::case::event::CaseEvent;
use domain::conversation::event::ConversationEvent;
use domain::deployment::event::DeploymentEvent;
use domain::desk::event::DeskEvent;
use domain::envelope::AggregateKind;
use domain::event::EventFamily;
use domain::file::event::FileEvent;
use domain::mailbox::event::MailboxEvent;
use domain::profile::event::ProfileEvent;

/// An event that the log can store.
pub trait LoggedEvent: EventFamily {
    /// The kind of aggregate that has these events.
    const AGGREGATE_KIND: AggregateKind;

    /// The seq of the message, or the number of the scheduled or held message, that the event is
    /// about.
    fn message_seq(&self) -> Option<i64>;
}

impl LoggedEvent for ConversationEvent {
    const AGGREGATE_KIND: AggregateKind = AggregateKind::Conversation;

    fn message_seq(&self) -> Option<i64> {
        match self {
            Self::MessageSent(event) => Some(event.seq),
            Self::MessageEdited(event) => Some(event.seq),
            Self::MessageRecalled(event) => Some(event.seq),
            Self::MessageErased(event) => Some(event.seq),
            Self::ReactionAdded(event) | Self::ReactionRemoved(event) => Some(event.seq),
            Self::MessageRestored(event) => Some(event.seq),
            Self::MessagePinned(event) | Self::MessageUnpinned(event) => Some(event.seq),
            Self::ConversationCreated(_)
            | Self::ConversationChanged(_)
            | Self::MemberAdded(_)
            | Self::MemberRemoved(_)
            | Self::MemberRoleChanged(_)
            | Self::TitleErased(_)
            | Self::ConversationPolicyChanged(_)
            | Self::MemberSilenced(_)
            | Self::MemberUnsilenced(_)
            | Self::MemberBanned(_)
            | Self::MemberUnbanned(_)
            | Self::JoinRequested(_)
            | Self::JoinRequestDeclined(_)
            | Self::LinkCreated(_)
            | Self::LinkEnded(_)
            | Self::Invited(_)
            | Self::InvitationEnded(_)
            | Self::SessionOpened(_)
            | Self::SessionAccepted(_)
            | Self::SessionTransferred(_)
            | Self::SessionClosed(_)
            | Self::SessionNoted(_)
            | Self::SessionTagged(_)
            | Self::SessionRated(_)
            | Self::SessionReminded(_) => None,
        }
    }
}

impl LoggedEvent for MailboxEvent {
    const AGGREGATE_KIND: AggregateKind = AggregateKind::Mailbox;

    fn message_seq(&self) -> Option<i64> {
        self.waiting_number()
    }
}

impl LoggedEvent for ProfileEvent {
    const AGGREGATE_KIND: AggregateKind = AggregateKind::Profile;

    fn message_seq(&self) -> Option<i64> {
        None
    }
}

impl LoggedEvent for CaseEvent {
    const AGGREGATE_KIND: AggregateKind = AggregateKind::Case;

    fn message_seq(&self) -> Option<i64> {
        None
    }
}

impl LoggedEvent for FileEvent {
    const AGGREGATE_KIND: AggregateKind = AggregateKind::File;

    fn message_seq(&self) -> Option<i64> {
        None
    }
}

impl LoggedEvent for DeskEvent {
    const AGGREGATE_KIND: AggregateKind = AggregateKind::Desk;

    fn message_seq(&self) -> Option<i64> {
        None
    }
}

impl LoggedEvent for DeploymentEvent {
    const AGGREGATE_KIND: AggregateKind = AggregateKind::Deployment;

    fn message_seq(&self) -> Option<i64> {
        None
    }
}
