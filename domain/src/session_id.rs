//! The id of a service session.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::{ConversationId, InvalidIdError, ParseVisitor};

/// The id of a service session: the conversation in which it was opened, and its number there, such
/// as `desk_0123456789abcdef0123456789abcdef.1`. It stays the same when the session is transferred
/// to another desk, and so to another conversation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId {
    conversation: ConversationId,
    number: u32,
}

impl SessionId {
    /// The id of the session with this number of a conversation with a desk.
    pub fn new(conversation: ConversationId, number: u32) -> Self {
        Self {
            conversation,
            number,
        }
    }

    /// Parses the text. Every id has one form.
    pub fn parse(text: &str) -> Result<Self, InvalidIdError> {
        let parsed = text.split_once('.').and_then(|(conversation, number)| {
            let conversation = ConversationId::parse(conversation).ok()?;
            let number: u32 = number.parse().ok().filter(|number| *number > 0)?;
            conversation
                .is_desk()
                .then_some(Self::new(conversation, number))
        });
        parsed
            .filter(|id| id.to_string() == text)
            .ok_or(InvalidIdError("Expected the id of a service session."))
    }

    /// Its number among the sessions that were opened there: 1, 2, 3, ...
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The conversation in which it was opened.
    pub fn conversation(&self) -> &ConversationId {
        &self.conversation
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.conversation, self.number)
    }
}

impl Serialize for SessionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SessionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(ParseVisitor(Self::parse))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_form() {
        let conversation = format!("desk_{}", "0123456789abcdef".repeat(2));
        let text = format!("{conversation}.7");
        let id = SessionId::parse(&text).expect("an id");
        assert_eq!(id.conversation().as_str(), conversation);
        assert_eq!(id.to_string(), text);
        for bad in [
            "",
            "desk_1.1",
            "lunch.1",
            &conversation,
            &format!("{conversation}."),
            &format!("{conversation}.0"),
            &format!("{conversation}.07"),
            &format!("{conversation}.+7"),
            &format!("{conversation}.7.1"),
            &format!("{}.7", conversation.to_uppercase()),
        ] {
            assert!(SessionId::parse(bad).is_err(), "{bad}");
        }
    }
}
