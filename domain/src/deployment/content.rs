//! What the rules about content have in common: what happens to a text, and which texts they check.

use serde::{Deserialize, Serialize};

/// What happens to a text that a rule finds something in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContentAction {
    /// The command is refused.
    Refuse,
    /// Each code point of the match is stored as `*`.
    Mask,
    /// The text is stored, and a case is opened.
    Flag,
}

impl ContentAction {
    /// The name in the API and in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Mask => "mask",
            Self::Flag => "flag",
        }
    }
}

/// Where a word of a list may stand in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WordMatching {
    /// Between characters that are no letters of its script. Scripts without spaces between words
    /// have no such limits.
    Word,
    /// Anywhere, also within a longer word.
    Anywhere,
}

impl WordMatching {
    /// The name in the API and in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Word => "word",
            Self::Anywhere => "anywhere",
        }
    }
}

/// The kinds of texts that are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextPlace {
    /// The text of a message.
    Text,
    /// The title and the topic of a conversation.
    Title,
    /// The display name of a user.
    Name,
}

impl TextPlace {
    /// All places, which a list checks by default.
    pub const ALL: [Self; 3] = [Self::Text, Self::Title, Self::Name];
}

/// What happens to a message if the hook does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HookFailureAction {
    /// It is sent.
    Allow,
    /// It is held until a moderator decides.
    Hold,
    /// It is refused.
    Refuse,
}
