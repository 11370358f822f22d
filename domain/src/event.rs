//! How events are written and read back.
//!
//! In the log an event is a type name (`message_sent`), a version (1, 2, ...) and its data as JSON.
//! What was once written is read for ever: a shape that changes gets the next version, the old
//! shape gets an upcast in [`upcast`], and both have a golden file under `domain/golden`.
//!
//! The two lists at the end of this file name every event and the version it is written in. The
//! names are also those that serde uses for the enums, and a test holds them together.

pub mod upcast;

use cqrs_es::DomainEvent;
use serde::de::DeserializeOwned;

use crate::conversation::event::ConversationEvent;
use crate::mailbox::event::MailboxEvent;

/// An event that cannot be read: unknown type, unknown version, or data of another shape.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event {event_type} version {version} cannot be read: {reason}")]
pub struct UnreadableEvent {
    /// The type as stored.
    pub event_type: String,
    /// The version as stored.
    pub version: i16,
    /// What was wrong.
    pub reason: String,
}

impl UnreadableEvent {
    fn new(event_type: &str, version: i16, reason: &str) -> Self {
        Self {
            event_type: event_type.to_owned(),
            version,
            reason: reason.to_owned(),
        }
    }
}

/// A type of event, and the version in which it is written now. All versions from 1 are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventType {
    /// The name in the log.
    pub name: &'static str,
    /// The newest version.
    pub version: i16,
}

/// What every family of events can do.
pub trait EventFamily: DomainEvent + Sized {
    /// Every type of the family.
    const TYPES: &'static [EventType];

    /// The name in the log: past tense, snake case.
    fn name(&self) -> &'static str;

    /// The version in which this event is written now.
    fn version(&self) -> i16;

    /// The data as JSON: what the log stores and the stream carries.
    fn data(&self) -> Result<Vec<u8>, serde_json::Error>;

    /// Reads an event of any version ever written.
    fn read(event_type: &str, version: i16, data: &[u8]) -> Result<Self, UnreadableEvent>;
}

/// Reads data of any version up to `newest` as the newest shape.
fn read_data<T: DeserializeOwned>(
    newest: EventType,
    version: i16,
    data: &[u8],
) -> Result<T, UnreadableEvent> {
    let unreadable = |reason: &str| UnreadableEvent::new(newest.name, version, reason);
    if version == newest.version {
        return serde_json::from_slice(data).map_err(|e| unreadable(&e.to_string()));
    }
    let data = serde_json::from_slice(data).map_err(|e| unreadable(&e.to_string()))?;
    let data = upcast::raise(newest, version, data).map_err(unreadable)?;
    serde_json::from_value(data).map_err(|e| unreadable(&e.to_string()))
}

/// `Variant = "name", version` for every event of a family.
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

            fn data(&self) -> Result<Vec<u8>, serde_json::Error> {
                match self {
                    $(Self::$variant(data) => serde_json::to_vec(data),)+
                }
            }

            fn read(event_type: &str, version: i16, data: &[u8]) -> Result<Self, UnreadableEvent> {
                match event_type {
                    $($name => {
                        let newest = EventType { name: $name, version: $version };
                        read_data(newest, version, data).map(Self::$variant)
                    })+
                    _ => Err(UnreadableEvent::new(event_type, version, "unknown type")),
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
});

event_family!(MailboxEvent {
    DeviceAcked = "device_acked", 2;
    ConversationRead = "conversation_read", 1;
    ConversationMarkedUnread = "conversation_marked_unread", 1;
    PreferencesChanged = "preferences_changed", 2;
    UserBlocked = "user_blocked", 1;
    UserUnblocked = "user_unblocked", 1;
});
