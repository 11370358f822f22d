//! Identifiers that clients send and receive. Every type has a private field and a single
//! constructor, `parse`, so every existing value is valid.

use std::fmt;

use serde::de::Visitor;

/// Why an identifier is invalid. The text is a full sentence for the client's user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidIdError(pub &'static str);

/// The maximum length of a user id, in characters.
pub const MAX_USER_ID_CHARS: usize = 128;
/// The maximum length of a title, in characters.
pub const MAX_TITLE_CHARS: usize = 200;

/// Makes a user id or a title of a name in another system: without control characters, and cut at
/// `max` characters. Only an empty or blank name is still invalid.
pub fn clean_imported_name(name: &str, max: usize) -> String {
    let visible = name.chars().filter(|c| !c.is_control());
    visible.take(max).collect()
}

/// Deserializes text through a `parse` function without an intermediate copy.
pub(crate) struct ParseVisitor<T>(pub(crate) fn(&str) -> Result<T, InvalidIdError>);

impl<T> Visitor<'_> for ParseVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        (self.0)(text).map_err(E::custom)
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(std::sync::Arc<str>);

        impl $name {
            /// Parses and validates the text.
            pub fn parse(text: &str) -> Result<Self, $crate::ids::InvalidIdError> {
                let check: fn(&str) -> Result<(), $crate::ids::InvalidIdError> = $check;
                check(text)?;
                Ok(Self(text.into()))
            }

            /// The text exactly as it was received.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::ids::InvalidIdError;
            fn try_from(text: String) -> Result<Self, $crate::ids::InvalidIdError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().to_owned()
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str($crate::ids::ParseVisitor(Self::parse))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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

pub(crate) use text_id;

text_id!(
    /// A user, identified by the `sub` claim of a token: 1 to 128 characters, none of them a
    /// control character.
    UserId,
    |text| {
        let length = text.chars().count();
        if length == 0 || length > MAX_USER_ID_CHARS {
            return Err(InvalidIdError("A user id must have 1 to 128 characters."));
        }
        if text.chars().any(char::is_control) {
            return Err(InvalidIdError("A user id must not contain control characters."));
        }
        Ok(())
    }
);

text_id!(
    /// A conversation: 1 to 64 characters from `A-Z a-z 0-9 _ . -`. Ids that start with `d_` belong
    /// to direct conversations and are derived from the two users; see [`ConversationId::direct`].
    ConversationId,
    |text| {
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if text.is_empty() || text.len() > 64 || !text.chars().all(legal) {
            return Err(InvalidIdError(
                "A conversation id must have 1 to 64 of the characters A-Z a-z 0-9 _ . and -.",
            ));
        }
        Ok(())
    }
);

text_id!(
    /// A device of a user: 1 to 128 characters, no control characters.
    DeviceId,
    |text| {
        let length = text.chars().count();
        if length == 0 || length > 128 || text.chars().any(char::is_control) {
            return Err(InvalidIdError(
                "A device id must have 1 to 128 characters and no control characters.",
            ));
        }
        Ok(())
    }
);

text_id!(
    /// The key that identifies a retried command: a `client_message_id` or an `Idempotency-Key`,
    /// 1 to 128 printable ASCII characters.
    ClientKey,
    |text| {
        if text.is_empty() || text.len() > 128 || !text.bytes().all(|b| (0x20..0x7f).contains(&b)) {
            return Err(InvalidIdError("Expected 1 to 128 printable ASCII characters."));
        }
        Ok(())
    }
);

text_id!(
    /// The title of a group: up to 200 characters, no control characters, not only whitespace.
    Title,
    |text| {
        if text.chars().count() > MAX_TITLE_CHARS {
            return Err(InvalidIdError("A title must have at most 200 characters."));
        }
        if text.chars().any(char::is_control) {
            return Err(InvalidIdError("A title must not contain control characters."));
        }
        if text.trim().is_empty() {
            return Err(InvalidIdError("A title must not be blank; send null to remove it."));
        }
        Ok(())
    }
);

text_id!(
    /// The name of a word list or a legal hold: 1 to 64 of the characters `A-Z a-z 0-9 _ . -`, and
    /// neither `.` nor `..`.
    RuleName,
    |text| {
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if text.is_empty() || text.len() > 64 || !text.chars().all(legal) {
            return Err(InvalidIdError(
                "A name must have 1 to 64 of the characters A-Z a-z 0-9 _ . and -.",
            ));
        }
        refuse_dot_segment(text)
    }
);

impl RuleName {
    /// What stands for the rules for links where a text names the rules that flagged it.
    pub fn links() -> Self {
        Self("links".into())
    }
}

text_id!(
    /// A reaction such as an emoji or a short name: 1 to 32 characters, no control characters.
    ReactionKey,
    |text| {
        let length = text.chars().count();
        if length == 0 || length > 32 || text.chars().any(char::is_control) {
            return Err(InvalidIdError(
                "A reaction key must have 1 to 32 characters and no control characters.",
            ));
        }
        Ok(())
    }
);

text_id!(
    /// The topic of a group: up to 500 characters, no U+0000, not only whitespace.
    Topic,
    |text| {
        if text.chars().count() > 500 {
            return Err(InvalidIdError("A topic must have at most 500 characters."));
        }
        check_note(text)
    }
);

text_id!(
    /// What a user writes to the owner and admins with a join request: up to 300 characters, no
    /// U+0000, not only whitespace.
    JoinNote,
    |text| {
        if text.chars().count() > 300 {
            return Err(InvalidIdError("A note must have at most 300 characters."));
        }
        check_note(text)
    }
);

text_id!(
    /// Why a user was silenced or banned: up to 500 characters, no U+0000, not only whitespace.
    SanctionReason,
    |text| {
        if text.chars().count() > 500 {
            return Err(InvalidIdError("A reason must have at most 500 characters."));
        }
        check_note(text)
    }
);

/// Refuses text that no one could read, or that Postgres cannot store.
fn check_note(text: &str) -> Result<(), InvalidIdError> {
    if text.contains('\0') {
        return Err(InvalidIdError("The text must not contain U+0000."));
    }
    if text.trim().is_empty() {
        return Err(InvalidIdError(
            "The text must not be blank; omit it, or send null.",
        ));
    }
    Ok(())
}

text_id!(
    /// A file: a UUID in lower case, which this system made.
    FileId,
    |text| {
        let is_legal = |(index, byte): (usize, u8)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        };
        if text.len() != 36 || !text.bytes().enumerate().all(is_legal) {
            return Err(InvalidIdError(
                "Expected the id of a file, as POST /v1/files has returned it.",
            ));
        }
        Ok(())
    }
);

text_id!(
    /// A desk: 1 to 64 of the characters `A-Z a-z 0-9 _ . -`, and neither `.` nor `..`.
    DeskId,
    |text| {
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        let is_valid = !text.is_empty() && text.len() <= 64 && text.chars().all(legal);
        if !is_valid || matches!(text, "." | "..") {
            return Err(InvalidIdError(
                "A desk has a name of 1 to 64 of the characters A-Z a-z 0-9 _ . and -, and not . \
                 or ..",
            ));
        }
        Ok(())
    }
);

impl UserId {
    /// The user as whom the system itself acts.
    pub fn system() -> Self {
        Self("tidings".into())
    }
}

impl ReactionKey {
    /// Parses the key of a reaction to add. Keys that cannot be part of a path exist only in older
    /// logs; [`ReactionKey::parse`] accepts them, so that they can be read and removed.
    pub fn parse_new(text: &str) -> Result<Self, InvalidIdError> {
        refuse_dot_segment(text)?;
        Self::parse(text)
    }
}

/// Refuses text that clients cannot request as a segment of a path: they resolve `.` and `..`, also
/// when these are percent-encoded.
fn refuse_dot_segment(text: &str) -> Result<(), InvalidIdError> {
    if matches!(text, "." | "..") {
        return Err(InvalidIdError(
            "The texts . and .. cannot be part of a path; choose another one.",
        ));
    }
    Ok(())
}

/// What the ids of direct conversations start with.
const DIRECT_PREFIX: &str = "d_";

/// What the ids of conversations with desks start with; 32 hexadecimal digits follow.
const DESK_PREFIX: &str = "desk_";

impl ConversationId {
    /// Parses an id that a client chose for a new group. [`ConversationId::parse`] also accepts `.`
    /// and `..`, which older logs may contain.
    pub fn parse_group(text: &str) -> Result<Self, InvalidIdError> {
        let id = Self::parse(text)?;
        if id.is_direct() {
            return Err(InvalidIdError(
                "Ids that start with d_ are reserved for direct conversations.",
            ));
        }
        if id.is_desk() {
            return Err(InvalidIdError(
                "Ids of desk_ and 32 hexadecimal digits are reserved for conversations with desks.",
            ));
        }
        refuse_dot_segment(text)?;
        Ok(id)
    }

    /// The id of the direct conversation between two users. It is the same for either order of
    /// the arguments.
    pub fn direct(one: &UserId, other: &UserId) -> Self {
        let (first, second) = if one <= other {
            (one, other)
        } else {
            (other, one)
        };
        let digest = crate::digest::fingerprint(&[
            b"direct",
            first.as_str().as_bytes(),
            second.as_str().as_bytes(),
        ]);
        Self(format!("{DIRECT_PREFIX}{digest:032x}").into())
    }

    /// The id of the conversation of a customer with a desk.
    pub fn desk(desk: &DeskId, customer: &UserId) -> Self {
        let digest = crate::digest::fingerprint(&[
            b"desk",
            desk.as_str().as_bytes(),
            customer.as_str().as_bytes(),
        ]);
        Self(format!("{DESK_PREFIX}{digest:032x}").into())
    }

    /// Whether this is the id of a conversation with a desk.
    pub fn is_desk(&self) -> bool {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let digits = self.0.strip_prefix(DESK_PREFIX);
        digits.is_some_and(|digits| digits.len() == 32 && digits.bytes().all(is_digit))
    }

    /// Whether this is the id of a direct conversation.
    pub fn is_direct(&self) -> bool {
        self.0.starts_with(DIRECT_PREFIX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_desk_has_the_name_of_a_path_segment() {
        for good in ["billing", "A-1_b.c", &"d".repeat(64)] {
            assert!(DeskId::parse(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "a b", "a/b", "\u{e4}", &"d".repeat(65)] {
            assert!(DeskId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_ids_of_conversations_with_desks_are_reserved() {
        let user = UserId::parse("ann").expect("a user");
        let desk = DeskId::parse("billing").expect("a desk");
        let id = ConversationId::desk(&desk, &user);
        assert!(id.is_desk() && !id.is_direct());
        assert_eq!(ConversationId::parse(id.as_str()), Ok(id.clone()));
        assert!(ConversationId::parse_group(id.as_str()).is_err());
        for free in ["desk_1", "desk", &id.as_str().to_uppercase()] {
            assert!(ConversationId::parse_group(free).is_ok(), "{free}");
        }
    }
}
