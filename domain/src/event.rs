//! Encoding and decoding of events.
//!
//! In the log an event is a type name (`message_sent`), a version (1, 2, ...) and its data as JSON.
//! Every version ever written stays readable: a schema change gets the next version, the old schema
//! gets an upcast in [`upcast`], and both have a golden file under `domain/golden`.
//!
//! The lists at the end of this file name every event and the version in which it is written.
//! serde uses the same names for the enums; a test checks that they match.

mod family;
mod note;
pub mod upcast;

pub use family::{EventDecodeError, EventFamily, EventType};
pub use note::EventNote;

use cqrs_es::DomainEvent;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};

use crate::case::event::CaseEvent;
use crate::conversation::event::ConversationEvent;
use crate::deployment::event::DeploymentEvent;
use crate::desk::event::DeskEvent;
use crate::file::event::FileEvent;
use crate::mailbox::event::MailboxEvent;
use crate::profile::event::ProfileEvent;

/// Decodes data of any version up to `newest`, upcasting older versions first.
fn decode_data<T: DeserializeOwned>(
    newest: EventType,
    version: i16,
    data: &[u8],
) -> Result<T, EventDecodeError> {
    let unreadable = |reason: &str| EventDecodeError::new(newest.name, version, reason);
    if version == newest.version {
        return serde_json::from_slice(data).map_err(|e| unreadable(&e.to_string()));
    }
    let data = serde_json::from_slice(data).map_err(|e| unreadable(&e.to_string()))?;
    let data = upcast::upcast_to_newest(newest, version, data).map_err(unreadable)?;
    serde_json::from_value(data).map_err(|e| unreadable(&e.to_string()))
}

/// Implements [`EventFamily`] from one `Variant = "name", version` line per event.
macro_rules! event_family {
    ($family:ident { $($variant:ident = $name:literal, $version:literal;)+ }) => {
        impl EventFamily for $family {
            const TYPES: &'static [EventType] =
                &[$(EventType { name: $name, version: $version }),+];

            fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $name,)+
                }
            }

            fn version(&self) -> i16 {
                match self {
                    $(Self::$variant(_) => $version,)+
                }
            }

            fn encode(&self) -> Result<Box<RawValue>, serde_json::Error> {
                match self {
                    $(Self::$variant(data) => to_raw_value(data),)+
                }
            }

            fn decode(event_type: &str, version: i16, data: &[u8]) -> Result<Self, EventDecodeError> {
                match event_type {
                    $($name => {
                        let newest = EventType { name: $name, version: $version };
                        decode_data(newest, version, data).map(Self::$variant)
                    })+
                    _ => Err(EventDecodeError::new(event_type, version, "unknown type")),
                }
            }
        }

        impl DomainEvent for $family {
            fn event_type(&self) -> String {
                self.name().to_owned()
            }

            fn event_version(&self) -> String {
                self.version().to_string()
            }
        }
    };
}

event_family!(ConversationEvent {
    ConversationCreated = "conversation_created", 1;
    ConversationChanged = "conversation_changed", 1;
    MemberAdded = "member_added", 1;
    MemberRemoved = "member_removed", 1;
    MemberRoleChanged = "member_role_changed", 1;
    MessageSent = "message_sent", 1;
    MessageEdited = "message_edited", 1;
    MessageRecalled = "message_recalled", 1;
    ReactionAdded = "reaction_added", 1;
    ReactionRemoved = "reaction_removed", 1;
    MessageErased = "message_erased", 1;
    TitleErased = "title_erased", 1;
    ConversationPolicyChanged = "conversation_policy_changed", 1;
    MemberSilenced = "member_silenced", 1;
    MemberUnsilenced = "member_unsilenced", 1;
    MemberBanned = "member_banned", 1;
    MemberUnbanned = "member_unbanned", 1;
    JoinRequested = "join_requested", 1;
    JoinRequestDeclined = "join_request_declined", 1;
    LinkCreated = "link_created", 2;
    LinkEnded = "link_ended", 2;
    MessageRestored = "message_restored", 1;
    MessagePinned = "message_pinned", 1;
    MessageUnpinned = "message_unpinned", 1;
    Invited = "invited", 1;
    InvitationEnded = "invitation_ended", 1;
    SessionOpened = "session_opened", 2;
    SessionAccepted = "session_accepted", 1;
    SessionTransferred = "session_transferred", 1;
    SessionClosed = "session_closed", 1;
    SessionNoted = "session_noted", 1;
    SessionTagged = "session_tagged", 1;
    SessionRated = "session_rated", 1;
    SessionReminded = "session_reminded", 1;
});

event_family!(MailboxEvent {
    DeviceAcked = "device_acked", 2;
    ConversationRead = "conversation_read", 1;
    ConversationMarkedUnread = "conversation_marked_unread", 1;
    PreferencesChanged = "preferences_changed", 2;
    UserBlocked = "user_blocked", 1;
    UserUnblocked = "user_unblocked", 1;
    ConversationCleared = "conversation_cleared", 1;
    ContactRequested = "contact_requested", 1;
    ContactAdded = "contact_added", 1;
    ContactRemoved = "contact_removed", 1;
    ThreadFollowed = "thread_followed", 1;
    ThreadUnfollowed = "thread_unfollowed", 1;
    ThreadRead = "thread_read", 1;
    MessageScheduled = "message_scheduled", 1;
    ScheduledMessageChanged = "scheduled_message_changed", 1;
    ScheduledMessageCancelled = "scheduled_message_cancelled", 1;
    ScheduledMessageSent = "scheduled_message_sent", 1;
    ScheduledMessageFailed = "scheduled_message_failed", 1;
    NotesErased = "notes_erased", 1;
    MessageHeld = "message_held", 1;
    HeldMessageReleased = "held_message_released", 1;
    HeldMessageRefused = "held_message_refused", 1;
    PushRegistered = "push_registered", 1;
    PushDropped = "push_dropped", 1;
    DeviceRemoved = "device_removed", 1;
});

event_family!(ProfileEvent {
    ProfileChanged = "profile_changed", 1;
    SettingsChanged = "settings_changed", 2;
    UserKindChanged = "user_kind_changed", 1;
    UserDeactivated = "user_deactivated", 1;
    UserReactivated = "user_reactivated", 1;
    TokensRevoked = "tokens_revoked", 1;
    UserRestricted = "user_restricted", 1;
    RestrictionLifted = "restriction_lifted", 1;
    ProfileErased = "profile_erased", 1;
});

event_family!(DeploymentEvent {
    FeatureSwitched = "feature_switched", 1;
    HoldPlaced = "hold_placed", 1;
    HoldLifted = "hold_lifted", 1;
    WordListSet = "word_list_set", 1;
    WordListRemoved = "word_list_removed", 1;
    LinkRulesSet = "link_rules_set", 1;
    FloodRulesSet = "flood_rules_set", 1;
    HookSet = "hook_set", 1;
    HookRemoved = "hook_removed", 1;
});

event_family!(CaseEvent {
    CaseOpened = "case_opened", 1;
    ReportFiled = "report_filed", 1;
    EvidenceAdded = "evidence_added", 1;
    CaseResolved = "case_resolved", 1;
    CaseReopened = "case_reopened", 1;
});

event_family!(FileEvent {
    FileReserved = "file_reserved", 1;
    FileStored = "file_stored", 1;
    FileRetired = "file_retired", 1;
    FileReinstated = "file_reinstated", 1;
    FileDeleted = "file_deleted", 1;
});

event_family!(DeskEvent {
    DeskSet = "desk_set", 2;
    DeskRemoved = "desk_removed", 1;
});

/// The short name of a type that is written as events show it: `tidings.message_sent.v1` is
/// `message_sent`. Any other text is returned as it is.
pub fn short_name(name: &str) -> &str {
    let Some(rest) = name.strip_prefix("tidings.") else {
        return name;
    };
    rest.rsplit_once(".v").map_or(rest, |(short, _)| short)
}

/// The names of all types of events, by family.
pub fn type_names() -> Vec<&'static str> {
    let conversations = ConversationEvent::TYPES.iter();
    conversations
        .chain(MailboxEvent::TYPES)
        .chain(ProfileEvent::TYPES)
        .chain(DeploymentEvent::TYPES)
        .chain(CaseEvent::TYPES)
        .chain(FileEvent::TYPES)
        .chain(DeskEvent::TYPES)
        .map(|event_type| event_type.name)
        .collect()
}
