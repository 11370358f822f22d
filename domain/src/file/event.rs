//! The events of the file aggregate. They are stored forever: read [`crate::event`] before you
//! change them.

use serde::{Deserialize, Serialize};

use super::digest::Sha256Digest;
use super::name::{FileName, MediaType};
use crate::ids::UserId;
use crate::time::Timestamp;

/// An event of a file. The file is the aggregate id in the envelope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileEvent {
    /// A user announced a file.
    FileReserved(FileReserved),
    /// The store has the bytes.
    FileStored(FileStored),
    /// Nothing new can use it. A deletion or a reinstatement follows.
    FileRetired(FileRetired),
    /// The retired file can be used again, because something uses it.
    FileReinstated(FileReinstated),
    /// It was deleted. The bytes are removed from the store after this event.
    FileDeleted(FileDeleted),
}

impl FileEvent {
    /// The same event without the name of the file. `None` if such events have none.
    #[must_use]
    pub fn without_content(self) -> Option<Self> {
        match self {
            Self::FileReserved(reserved) => Some(Self::FileReserved(FileReserved {
                name: None,
                ..reserved
            })),
            _ => None,
        }
    }
}

/// The data of [`FileEvent::FileReserved`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileReserved {
    /// The user who uploads it.
    pub uploader: UserId,
    /// Its name; absent once it is erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<FileName>,
    /// The media type that the client declared.
    pub declared_type: MediaType,
    /// Its size in bytes.
    pub size: i64,
    /// The SHA-256 that its bytes must have, if the client announced it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256Digest>,
    /// When the upload expires.
    pub expires_at: Timestamp,
}

/// The data of [`FileEvent::FileStored`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileStored {
    /// Its size in bytes.
    pub size: i64,
    /// The SHA-256 of its bytes.
    pub sha256: Sha256Digest,
    /// The media type that its bytes have.
    pub media_type: MediaType,
    /// The width of an image in pixels, as its header says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// The height of an image in pixels, as its header says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
}

/// The data of [`FileEvent::FileRetired`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileRetired {
    /// Why it will be deleted, if nothing uses it.
    pub reason: DeletionReason,
}

/// The data of [`FileEvent::FileReinstated`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileReinstated {}

/// Why a file is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeletionReason {
    /// Its uploader asked for it.
    Owner,
    /// Nothing has used it for a while.
    Unused,
    /// The upload was not completed in time.
    Expired,
    /// The messages that used it, or its uploader, or what had it as avatar, were erased.
    Erased,
    /// An administrator or a service removed it, whatever used it.
    Removed,
}

/// The data of [`FileEvent::FileDeleted`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileDeleted {
    /// Why the file was deleted.
    pub reason: DeletionReason,
    /// Who deleted it, if it was not the system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
}
