//! The code of a link by which users join a group.

use crate::ids::{ConversationId, InvalidIdError, text_id};

/// How many hexadecimal digits have the 128 random bits of a code.
const RANDOM_DIGITS: usize = 32;

text_id!(
    /// The code of a link: 128 random bits as hexadecimal digits, a full stop, and the id of the
    /// conversation.
    ///
    /// The code itself names the conversation, so a command finds the aggregate that decides
    /// without any lookup. Nobody can guess the random digits, and without them the id opens
    /// nothing.
    LinkCode,
    |text| {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        match text.split_once('.') {
            Some((random, id))
                if random.len() == RANDOM_DIGITS
                    && random.bytes().all(is_digit)
                    && ConversationId::parse(id).is_ok() =>
            {
                Ok(())
            }
            _ => Err(InvalidIdError("The code of a link is invalid.")),
        }
    }
);

impl LinkCode {
    /// Creates the code of a link to this conversation from random bits.
    pub fn new(random: u128, conversation: &ConversationId) -> Self {
        Self(format!("{random:0RANDOM_DIGITS$x}.{conversation}").into())
    }

    /// The conversation that the link leads to.
    pub fn conversation(&self) -> Result<ConversationId, InvalidIdError> {
        let id = self.0.split_once('.').map_or("", |(_, id)| id);
        ConversationId::parse(id)
    }
}
