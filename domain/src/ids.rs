//! The names that clients give and see. Every type here has a private field and one way in,
//! `parse`, so a value that exists is a value that is legal.

use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};

/// Why a name was not accepted. The text is written for the person who sent it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidId(pub &'static str);

/// Reads text by way of a `parse`, without a copy in between.
struct Parsed<T>(fn(&str) -> Result<T, InvalidId>);

impl<T> Visitor<'_> for Parsed<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        (self.0)(text).map_err(E::custom)
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the text if it is legal.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                let check: fn(&str) -> Result<(), InvalidId> = $check;
                check(text)?;
                Ok(Self(text.into()))
            }

            /// The text as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().to_owned()
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(Parsed(Self::parse))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

text_id!(
    /// A user, as named by the `sub` of a token: 1 to 128 characters, none of them a control.
    UserId,
    |text| {
        let length = text.chars().count();
        if length == 0 || length > 128 {
            return Err(InvalidId("a user id has 1 to 128 characters"));
        }
        if text.chars().any(char::is_control) {
            return Err(InvalidId("a user id has no control characters"));
        }
        Ok(())
    }
);

text_id!(
    /// A conversation: 1 to 64 of `A-Z a-z 0-9 _ . -`. Those that start with `d_` are direct
    /// conversations and are derived from their pair, see [`ConversationId::direct`].
    ConversationId,
    |text| {
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if text.is_empty() || text.len() > 64 || !text.chars().all(legal) {
            return Err(InvalidId(
                "a conversation id has 1 to 64 of A-Z a-z 0-9 _ . -",
            ));
        }
        Ok(())
    }
);

text_id!(
    /// One device of a user: 1 to 128 characters, none of them a control.
    DeviceId,
    |text| {
        let length = text.chars().count();
        if length == 0 || length > 128 || text.chars().any(char::is_control) {
            return Err(InvalidId(
                "a device has 1 to 128 characters, none of them a control character",
            ));
        }
        Ok(())
    }
);

text_id!(
    /// What makes a command the same command when it is sent again: `client_message_id` or
    /// `Idempotency-Key`, 1 to 128 printable ASCII characters.
    ClientKey,
    |text| {
        if text.is_empty() || text.len() > 128 || !text.bytes().all(|b| (0x20..0x7f).contains(&b)) {
            return Err(InvalidId("expected 1 to 128 printable ASCII characters"));
        }
        Ok(())
    }
);

text_id!(
    /// The name of a group: up to 200 characters, none of them a control, not only blanks.
    Title,
    |text| {
        if text.chars().count() > 200 {
            return Err(InvalidId("a title has at most 200 characters"));
        }
        if text.chars().any(char::is_control) {
            return Err(InvalidId("a title has no control characters"));
        }
        if text.trim().is_empty() {
            return Err(InvalidId("a title is not blank; send null to remove it"));
        }
        Ok(())
    }
);

text_id!(
    /// A reaction such as an emoji or a short name: 1 to 32 characters, none of them a control.
    ReactionKey,
    |text| {
        let length = text.chars().count();
        if length == 0 || length > 32 || text.chars().any(char::is_control) {
            return Err(InvalidId(
                "a reaction key has 1 to 32 characters, none of them a control character",
            ));
        }
        Ok(())
    }
);

impl ConversationId {
    /// The one id of the direct conversation between two users, whoever asks for it.
    pub fn direct(one: &UserId, other: &UserId) -> Self {
        let (first, second) = if one <= other {
            (one, other)
        } else {
            (other, one)
        };
        let digest = crate::digest::of(&[
            b"direct",
            first.as_str().as_bytes(),
            second.as_str().as_bytes(),
        ]);
        Self(format!("d_{digest:032x}").into())
    }

    /// Whether the id has the form of a direct conversation's.
    pub fn is_direct(&self) -> bool {
        self.0.starts_with("d_")
    }
}
