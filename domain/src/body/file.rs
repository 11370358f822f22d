//! The file that a message uses. A client names it in `body.file`; the server completes the body
//! with what the file is, so whatever reads bodies knows it: search, notifications, exports.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{MessageBody, MessageType};
use crate::file::event::{FileReserved, FileStored};
use crate::ids::FileId;
use crate::refusal::Refusal;

/// What a message tells of the file that it uses.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageFile {
    /// The file.
    pub id: FileId,
    /// Its name.
    pub name: Option<String>,
    /// Its media type.
    pub media_type: Option<String>,
    /// Its size in bytes.
    pub size: Option<i64>,
    /// The width of an image or a video in pixels.
    pub width: Option<i64>,
    /// The height of an image or a video in pixels.
    pub height: Option<i64>,
}

/// The keys of a body that tell what its file is. In bodies of older releases they can be anything.
#[derive(Deserialize)]
struct FileKeys {
    file: Option<Value>,
    name: Option<Value>,
    mime: Option<Value>,
    size: Option<Value>,
    width: Option<Value>,
    height: Option<Value>,
}

impl MessageFile {
    /// Reads what the body of a message of this type tells of its file. `None` if it uses none.
    pub fn parse(kind: MessageType, body: &str) -> Option<Self> {
        if !kind.may_use_file() || !body.contains("\"file\":") {
            return None;
        }
        let keys: FileKeys = serde_json::from_str(body).ok()?;
        let text = |value: Option<Value>| Some(value?.as_str()?.to_owned());
        let number = |value: Option<Value>| value?.as_i64();
        Some(Self {
            id: FileId::parse(keys.file?.as_str()?).ok()?,
            name: text(keys.name),
            media_type: text(keys.mime),
            size: number(keys.size),
            width: number(keys.width),
            height: number(keys.height),
        })
    }
}

impl MessageType {
    /// Whether messages of this type can use a file.
    pub fn may_use_file(self) -> bool {
        matches!(self, Self::Image | Self::File | Self::Audio | Self::Video)
    }
}

impl MessageBody {
    /// The file that a message of this type with this body uses.
    pub fn file(&self, kind: MessageType) -> Option<FileId> {
        MessageFile::parse(kind, self.as_json()).map(|file| file.id)
    }

    /// The type of message that shows the file of this completed body best.
    pub fn type_of_file(&self) -> MessageType {
        let file = MessageFile::parse(MessageType::File, self.as_json());
        let media_type = file.and_then(|file| file.media_type);
        match media_type.as_deref().and_then(|it| it.split('/').next()) {
            Some("image") => MessageType::Image,
            Some("audio") => MessageType::Audio,
            Some("video") => MessageType::Video,
            _ => MessageType::File,
        }
    }

    /// The file that a message of this type with this body, not yet checked, would use.
    pub fn file_of_value(kind: MessageType, body: &Value) -> Option<FileId> {
        let id = body.get("file").filter(|_| kind.may_use_file())?;
        FileId::parse(id.as_str()?).ok()
    }

    /// The body of an edit of a message that uses this file, with the file if it names none.
    /// `None` if it names another one, or is no body.
    pub fn with_kept_file(body: &Value, file: &FileId) -> Option<Value> {
        let mut fields = body.as_object()?.clone();
        match fields.get("file") {
            None | Some(Value::Null) => {
                fields.insert("file".to_owned(), file.as_str().into());
            }
            Some(named) if named.as_str() == Some(file.as_str()) => {}
            Some(_) => return None,
        }
        Some(Value::Object(fields))
    }

    /// Completes the body of a message of this type with what its file is, whatever the client said
    /// of it. Refuses an image whose file is none.
    pub fn complete(
        kind: MessageType,
        body: &Value,
        reserved: &FileReserved,
        stored: &FileStored,
    ) -> Result<Value, Refusal> {
        let media_type = stored.media_type.as_str();
        if kind == MessageType::Image && !media_type.starts_with("image/") {
            return Err(Refusal::invalid(
                "body.file",
                format!(
                    "The bytes of the file are no image of a known format but {media_type}; send \
                     it in a message of type file."
                ),
            ));
        }
        let mut fields: Map<String, Value> = body.as_object().cloned().unwrap_or_default();
        if let Some(name) = &reserved.name {
            fields.insert("name".to_owned(), name.as_str().into());
        }
        fields.insert("mime".to_owned(), media_type.into());
        fields.insert("size".to_owned(), stored.size.into());
        // Nothing is known of the pixels of a video, so what the client says of them stays.
        if let (Some(width), Some(height)) = (stored.width, stored.height) {
            fields.insert("width".to_owned(), width.into());
            fields.insert("height".to_owned(), height.into());
        }
        Ok(Value::Object(fields))
    }
}
