//! The conversations of an export that is read as a whole, and their records.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use domain::ids::ReactionKey;
use domain::time::Timestamp;
use serde_json::{Value, json};

use crate::line_reader::LineReader;
use crate::record::{ImportRecord, RecordLine, RecordOrigin, RecordPlace};

/// The maximum size of a file that is read as a whole, decompressed.
pub const MAX_WHOLE_BYTES: u64 = 256 * 1024 * 1024;

/// What the files of an export contain.
#[derive(Default)]
pub(crate) struct ExportContents {
    pub(crate) chats: Vec<ExportedChat>,
    /// The records that cannot be read.
    pub(crate) unreadable: Vec<ImportRecord>,
    /// The items that the import does not support, with their counts.
    pub(crate) unsupported: BTreeMap<String, u64>,
    /// Remarks about the export as a whole.
    pub(crate) notes: Vec<String>,
}

/// A conversation.
#[derive(Debug, Default)]
pub(crate) struct ExportedChat {
    pub(crate) origin: RecordOrigin,
    /// Whether the first message identifies the conversation, because nothing else in the export
    /// does: names, and numbers that every server counts from 1, are in every export.
    pub(crate) is_known_by_first_message: bool,
    /// What it is called in the summary.
    pub(crate) name: String,
    pub(crate) title: Option<String>,
    /// Members who join although they may not have written.
    pub(crate) members: Vec<String>,
    pub(crate) messages: Vec<ExportedMessage>,
}

/// A message.
#[derive(Debug, Clone)]
pub(crate) struct ExportedMessage {
    pub(crate) file: Arc<str>,
    pub(crate) place: RecordPlace,
    pub(crate) id: Option<String>,
    pub(crate) sender: String,
    pub(crate) sent_at: Timestamp,
    pub(crate) text: String,
    pub(crate) reply_to: Option<String>,
    pub(crate) edited_at: Option<Timestamp>,
    /// The keys and users of the reactions.
    pub(crate) reactions: Vec<(String, String)>,
}

/// An export that has been read.
pub struct ChatExport {
    records: VecDeque<ImportRecord>,
    unsupported: BTreeMap<String, u64>,
    notes: Vec<String>,
    bytes: u64,
    total: usize,
}

impl ExportContents {
    /// Counts items that the import does not support.
    pub(crate) fn count(&mut self, what: impl Into<String>, times: u64) {
        if times > 0 {
            *self.unsupported.entry(what.into()).or_default() += times;
        }
    }

    /// Records an item that cannot be read.
    pub(crate) fn reject(
        &mut self,
        file: &Arc<str>,
        place: RecordPlace,
        reason: impl Into<String>,
    ) {
        self.unreadable
            .push(ImportRecord::unreadable(file, place, reason));
    }

    /// Adds a message, unless it has no words.
    pub(crate) fn add_message(&mut self, chat: &mut ExportedChat, mut message: ExportedMessage) {
        if message.text.trim().is_empty() {
            self.count("messages without a text", 1);
            return;
        }
        let before = message.reactions.len();
        message
            .reactions
            .retain(|(key, _)| ReactionKey::parse_new(key).is_ok());
        let dropped = before - message.reactions.len();
        self.count("reactions whose name is too long", dropped as u64);
        chat.messages.push(message);
    }
}

impl ChatExport {
    /// The records of an export: in each conversation, the messages by their times, and then the
    /// members who are not in a direct conversation.
    pub(crate) fn new(mut contents: ExportContents, bytes: u64) -> Self {
        let mut records = VecDeque::from(std::mem::take(&mut contents.unreadable));
        for mut chat in std::mem::take(&mut contents.chats) {
            if chat.messages.is_empty() {
                contents.count("conversations without messages", 1);
                continue;
            }
            chat.messages
                .sort_by_key(|message| message.sent_at.millis());
            chat.identify();
            records.extend(chat.into_records());
        }
        Self {
            total: records.len(),
            records,
            unsupported: contents.unsupported,
            notes: contents.notes,
            bytes,
        }
    }

    /// The size of the files in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The share of the records that has been read, as a number of bytes.
    pub fn bytes_read(&self) -> u64 {
        let (done, total) = (self.total - self.records.len(), self.total.max(1));
        let share = u128::from(self.bytes) * done as u128 / total as u128;
        u64::try_from(share).unwrap_or(self.bytes)
    }

    /// The items that the import does not support, with their counts.
    pub fn unsupported(&self) -> BTreeMap<String, u64> {
        self.unsupported.clone()
    }

    /// Remarks about the export as a whole.
    pub fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    /// The next record; `None` after the last one.
    pub fn next_record(&mut self) -> Option<ImportRecord> {
        self.records.pop_front()
    }
}

impl ExportedChat {
    /// Those who wrote, sorted and each once.
    pub(crate) fn senders(&self) -> Vec<String> {
        let senders = self.messages.iter().map(|message| &message.sender);
        let distinct: BTreeSet<&String> = senders.collect();
        distinct.into_iter().cloned().collect()
    }

    fn identify(&mut self) {
        let Some(first) = self
            .messages
            .first()
            .filter(|_| self.is_known_by_first_message)
        else {
            return;
        };
        let channel = std::mem::take(&mut self.origin.channel);
        let ExportedMessage {
            sender,
            sent_at,
            id,
            text,
            ..
        } = first;
        self.origin.channel = json!([channel, sender, sent_at, id, text]).to_string();
    }

    fn into_records(self) -> Vec<ImportRecord> {
        let Self {
            origin,
            name,
            title,
            members,
            messages,
            ..
        } = self;
        let record = |file: Arc<str>, place, mut line: Value| {
            line["conversation"] = name.as_str().into();
            line["title"] = title.as_deref().into();
            let content = RecordLine {
                attachment: None,
                json: line.to_string().into_bytes(),
                origin: Some(origin.clone()),
            };
            ImportRecord {
                file,
                place,
                content: Ok(content),
            }
        };
        let file = messages
            .first()
            .map_or_else(|| "".into(), |first| first.file.clone());
        let mut records: Vec<ImportRecord> = messages
            .into_iter()
            .map(|message| {
                let (file, place) = (message.file.clone(), message.place.clone());
                record(file, place, message.into_line())
            })
            .collect();
        if origin.direct.is_none() {
            records.extend(members.iter().map(|member| {
                let place = RecordPlace::Part(format!("member {member} of {name}"));
                record(file.clone(), place, json!({ "members": [member] }))
            }));
        }
        records
    }
}

impl ExportedMessage {
    fn into_line(self) -> Value {
        let reactions = self.reactions.into_iter();
        let reactions: Vec<Value> = reactions
            .map(|(key, user)| json!({ "key": key, "user": user }))
            .collect();
        json!({
            "sender": self.sender,
            "sent_at": self.sent_at,
            "text": self.text,
            "id": self.id,
            "reply_to": self.reply_to,
            "edited_at": self.edited_at,
            "reactions": reactions,
        })
    }
}

/// Makes ids of what a message is known by, if it has no id: the same for each export, as long as
/// the order of equal ones stays.
#[derive(Default)]
pub(crate) struct MessageIds(HashMap<String, u32>);

impl MessageIds {
    /// The id of the next message with this sender and time.
    pub(crate) fn next(&mut self, sender: &str, sent_at: i64) -> String {
        let name = format!("{sent_at}:{sender}");
        let count = self.0.entry(name.clone()).or_default();
        *count += 1;
        format!("{name}:{count}")
    }
}

/// Reads a file as a whole, decompressed and without a byte order mark.
pub(crate) fn read_whole(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    LineReader::open(path)?
        .into_reader()
        .take(MAX_WHOLE_BYTES + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("cannot read {}", path.display()))?;
    if bytes.len() as u64 > MAX_WHOLE_BYTES {
        bail!(
            "{} is larger than {} MiB decompressed; it is held in memory as a whole, so export it in parts",
            path.display(),
            MAX_WHOLE_BYTES / 1024 / 1024
        );
    }
    if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
    }
    Ok(bytes)
}

/// Reads a file that is one JSON document.
pub(crate) fn read_json(path: &Path) -> Result<Value> {
    serde_json::from_slice(&read_whole(path)?)
        .with_context(|| format!("{} is not a complete JSON document", path.display()))
}

/// The pair of users, if there are exactly two.
pub(crate) fn as_pair(users: &[String]) -> Option<[String; 2]> {
    match users {
        [one, other] if one != other => Some([one.clone(), other.clone()]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sender_is_there_once() {
        let message = |sender: &str| ExportedMessage {
            file: "chat.json".into(),
            place: RecordPlace::File,
            id: None,
            sender: sender.into(),
            sent_at: Timestamp::from_millis(0),
            text: "hi".into(),
            reply_to: None,
            edited_at: None,
            reactions: Vec::new(),
        };
        let chat = ExportedChat {
            messages: ["bob", "ann", "bob"].map(message).into(),
            ..ExportedChat::default()
        };
        assert_eq!(chat.senders(), ["ann", "bob"]);
    }
}
