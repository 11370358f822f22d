//! One record of the input: a message or a list of members, with its place and its origin.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::hex::to_hex;
use domain::ids::ConversationId;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::duplicates::hash_parts;

/// The number of hash digits in a derived id: enough to make a collision of two names negligible.
const DERIVED_ID_DIGITS: usize = 24;

/// A record of the input.
#[derive(Debug)]
pub struct ImportRecord {
    /// The file, relative to the path of the import.
    pub file: Arc<str>,
    /// Where in the file it is.
    pub place: RecordPlace,
    /// The record as a line of JSON, or why it cannot be read.
    pub content: Result<RecordLine, String>,
}

/// The place of a record in its file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordPlace {
    /// The file as a whole.
    File,
    /// A line of the file, counted from 1.
    Line(u64),
    /// A part of another form, in words.
    Part(String),
}

/// A record as a line of JSON.
#[derive(Debug)]
pub struct RecordLine {
    /// The line.
    pub json: Vec<u8>,
    /// Where its conversation comes from; `None` for a file of JSON lines, whose conversations have
    /// only names.
    pub origin: Option<RecordOrigin>,
    /// A file beside the export that the message gets.
    pub attachment: Option<RecordAttachment>,
}

/// A file beside the export that becomes the file of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordAttachment {
    /// Where it is.
    pub path: PathBuf,
    /// What it is called in the other system.
    pub name: String,
    /// The text of the message if the file cannot be imported.
    pub text_without: String,
}

/// Where the conversation of a record comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordOrigin {
    /// The system that was exported. It is empty if the export does not identify it.
    pub source: String,
    /// The conversation, as the source identifies it.
    pub channel: String,
    /// The two users of a direct conversation.
    pub direct: Option<[String; 2]>,
    /// The name that is the id, if no other conversation has it.
    pub preferred: Option<String>,
    /// Under what an earlier release imported the record.
    pub earlier: Option<EarlierKey>,
}

/// The conversation and the key under which an earlier release imported a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EarlierKey {
    /// The id of the conversation.
    pub conversation: String,
    /// The key.
    pub key: String,
}

impl ImportRecord {
    /// A record that cannot be read, for this reason.
    pub fn unreadable(file: &Arc<str>, place: RecordPlace, reason: impl Into<String>) -> Self {
        Self {
            file: file.clone(),
            place,
            content: Err(reason.into()),
        }
    }
}

impl fmt::Display for RecordPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("the file"),
            Self::Line(line) => write!(f, "line {line}"),
            Self::Part(part) => f.write_str(part),
        }
    }
}

/// The id of the conversation of a source.
pub fn derive_source_id(source: &str, channel: &str) -> String {
    to_derived_id(&hash_parts(&[source, channel]))
}

/// The id of the conversation with this name: the name itself if it is a valid id of a group,
/// otherwise an id derived from it.
pub fn derive_name_id(name: &str) -> String {
    match ConversationId::parse_group(name) {
        Ok(id) => id.as_str().to_owned(),
        Err(_) => to_derived_id(&Sha256::digest(name.as_bytes())),
    }
}

/// The name of a file within the import.
pub(crate) fn file_name(path: &Path) -> Arc<str> {
    path.file_name()
        .map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy())
        .as_ref()
        .into()
}

fn to_derived_id(hash: &[u8]) -> String {
    format!("c_{}", &to_hex(hash)[..DERIVED_ID_DIGITS])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_name_is_the_id_and_any_other_id_is_derived() {
        assert_eq!(derive_name_id("general"), "general");
        assert_eq!(derive_name_id("A-1_b.c"), "A-1_b.c");
        for name in [
            "d_me",
            ".",
            "..",
            "two words",
            "#rust",
            "東京",
            "",
            &"x".repeat(65),
        ] {
            let id = derive_name_id(name);
            assert!(id.starts_with("c_") && id.len() == 26, "{name} became {id}");
            assert!(ConversationId::parse(&id).is_ok());
            assert_eq!(id, derive_name_id(name));
        }
        assert_ne!(derive_name_id("#a"), derive_name_id("#b"));
    }

    #[test]
    fn id_depends_on_source_and_channel() {
        let ids = [("T1", "C1"), ("T2", "C1"), ("T1", "C2"), ("T1C", "1")];
        let ids = ids.map(|(source, channel)| derive_source_id(source, channel));
        for (index, id) in ids.iter().enumerate() {
            assert!(ConversationId::parse_group(id).is_ok(), "{id}");
            assert!(!ids[..index].contains(id));
        }
        assert_eq!(ids[0], derive_source_id("T1", "C1"));
    }
}
