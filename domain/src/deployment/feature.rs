//! The features that an administrator can switch off.

use serde::{Deserialize, Serialize};

/// A feature that an administrator can switch off for the whole system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// Adding, removing and listing reactions.
    Reactions,
    /// Editing messages.
    Edits,
    /// Showing others who has received and read a message. Read marks and acknowledgements, which
    /// unread counts need, continue.
    Receipts,
    /// Typing notifications.
    Typing,
    /// Who is online.
    Presence,
    /// Full-text search.
    Search,
    /// Uploading files.
    Uploads,
    /// Importing messages.
    Imports,
    /// Notifications.
    Notifications,
    /// Creating accounts.
    Signup,
}

impl Feature {
    /// All features, in the order of the API.
    pub const ALL: [Self; 10] = [
        Self::Reactions,
        Self::Edits,
        Self::Receipts,
        Self::Typing,
        Self::Presence,
        Self::Search,
        Self::Uploads,
        Self::Imports,
        Self::Notifications,
        Self::Signup,
    ];

    /// The name in the API and in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reactions => "reactions",
            Self::Edits => "edits",
            Self::Receipts => "receipts",
            Self::Typing => "typing",
            Self::Presence => "presence",
            Self::Search => "search",
            Self::Uploads => "uploads",
            Self::Imports => "imports",
            Self::Notifications => "notifications",
            Self::Signup => "signup",
        }
    }

    /// Parses the name of the API.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|feature| feature.as_str() == name)
    }
}
