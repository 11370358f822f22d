//! What a message shows of the file that it uses.

use domain::body::{MessageFile, MessageType};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// The file that a message uses: metadata and bytes are at `/v1/files/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MessageFile)]
pub struct MessageFileView {
    /// The id of the file.
    pub id: String,
    /// Its name.
    #[schema(required = true)]
    pub name: Option<String>,
    /// The media type that its bytes have.
    #[serde(rename = "type")]
    #[schema(required = true)]
    pub media_type: Option<String>,
    /// Its size in bytes.
    #[schema(required = true)]
    pub size: Option<i64>,
    /// The width of an image or a video in pixels.
    #[schema(required = true)]
    pub width: Option<i64>,
    /// The height of an image or a video in pixels.
    #[schema(required = true)]
    pub height: Option<i64>,
}

impl MessageFileView {
    /// The file that a message with this body uses. `None` if it uses none.
    pub fn from_body(kind: MessageType, body: Option<&RawValue>) -> Option<Self> {
        let file = MessageFile::parse(kind, body?.get())?;
        Some(Self {
            id: file.id.into(),
            name: file.name,
            media_type: file.media_type,
            size: file.size,
            width: file.width,
            height: file.height,
        })
    }

    /// The same for a type by its name.
    pub fn from_named(kind: &str, body: Option<&RawValue>) -> Option<Self> {
        let kinds = [
            MessageType::Image,
            MessageType::File,
            MessageType::Audio,
            MessageType::Video,
        ];
        let kind = kinds.into_iter().find(|known| known.as_str() == kind)?;
        Self::from_body(kind, body)
    }
}
