//! The types of messages.

use serde::{Deserialize, Serialize};

/// The type of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageType {
    /// Text, in `body.text`.
    Text,
    /// An image, with its address in `body.url`.
    Image,
    /// A file, with its address in `body.url` or its name in `body.name`.
    File,
    /// An audio recording, with its address in `body.url`.
    Audio,
    /// A video, with its address in `body.url`.
    Video,
    /// A geographic location, in `body.lat` and `body.lng`.
    Location,
    /// An application-defined message.
    Custom,
    /// A message for programs: delivered and stored, but never counted, previewed or searched.
    Control,
}

impl MessageType {
    /// The name used in the API and in the tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::File => "file",
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Location => "location",
            Self::Custom => "custom",
            Self::Control => "control",
        }
    }

    /// Whether messages of this type count as unread and appear in previews.
    pub fn is_countable(self) -> bool {
        self != Self::Control
    }
}
