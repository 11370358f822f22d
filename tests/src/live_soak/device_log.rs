//! What one device has received: every connection, and every entry with the time of receipt.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::feed::parse_cursor;

/// Everything that a device has received.
#[derive(Debug, Default, Clone)]
pub struct DeviceLog {
    /// The user.
    pub user: String,
    /// The name of the device, even if its connections do not send it.
    pub device: String,
    /// The position after which the device started; `None` if it never received anything.
    pub start: Option<i64>,
    /// The connections in the order in which they were opened. Two of them may have been open at
    /// once.
    pub connections: Vec<ConnectionLog>,
}

/// A connection.
#[derive(Debug, Default, Clone)]
pub struct ConnectionLog {
    /// When it was requested, in milliseconds since 1970.
    pub opened: i64,
    /// The position after which it starts.
    pub after: i64,
    /// Whether it sent the device name, so that unacknowledged entries are redelivered.
    pub named: bool,
    /// The cursor acknowledged over it.
    pub acked: i64,
    /// The entries, in the order of receipt.
    pub entries: Vec<ReceivedEntry>,
    /// `caught_up`: its cursor and the time of receipt.
    pub caught_up: Option<(i64, i64)>,
}

/// The parts of an entry that never change, ordered as in the feed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceEntryKey {
    /// The position of the event in the log.
    pub position: i64,
    /// The conversation. One ack can produce entries in several.
    pub conversation: Arc<str>,
    /// The type of the entry.
    pub kind: Arc<str>,
}

impl DeviceEntryKey {
    /// Creates a key. Its names are interned, because many entries share few of them.
    pub fn new(position: i64, conversation: &str, kind: &str) -> Self {
        Self {
            position,
            conversation: intern(conversation),
            kind: intern(kind),
        }
    }
}

fn intern(name: &str) -> Arc<str> {
    static NAMES: LazyLock<Mutex<HashSet<Arc<str>>>> = LazyLock::new(Mutex::default);
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return Arc::clone(known);
    }
    let new: Arc<str> = name.into();
    names.insert(Arc::clone(&new));
    new
}

/// An entry as it was received.
#[derive(Debug, Clone)]
pub struct ReceivedEntry {
    /// The key of the entry.
    pub key: DeviceEntryKey,
    /// The time of receipt, in milliseconds since 1970.
    pub received_at: i64,
    /// Whether another entry of this position follows.
    pub more: bool,
    /// The content of its message, if it shows one.
    pub content: Option<Box<MessageContent>>,
}

/// The content of a message when an entry was served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageContent {
    /// The seq of the message.
    pub seq: i64,
    /// The first word of the text, which is unique; `None` once the message is recalled.
    pub word: Option<Arc<str>>,
    /// The time of the last edit, as a text that sorts by time.
    pub edited_at: Option<Arc<str>>,
    /// Whether the message is recalled.
    pub recalled: bool,
}

/// A frame from the server.
#[derive(Debug)]
pub enum LiveFrame {
    /// An entry.
    Entry(ReceivedEntry),
    /// The backlog is complete.
    CaughtUp(i64),
    /// The code of the problem that ends the connection.
    Problem(String),
    /// Presence and typing.
    Ephemeral,
}

#[derive(Deserialize)]
struct FrameJson {
    #[serde(rename = "type")]
    kind: String,
    entry: Option<EntryJson>,
    #[serde(default)]
    more: bool,
    cursor: Option<String>,
    code: Option<String>,
}

/// The compared parts of an entry in the feed.
#[derive(Deserialize)]
pub struct EntryJson {
    position: i64,
    #[serde(rename = "type")]
    kind: String,
    conversation_id: String,
    #[serde(default)]
    data: EntryDataJson,
}

#[derive(Deserialize, Default)]
struct EntryDataJson {
    seq: Option<i64>,
    body: Option<BodyJson>,
    edited_at: Option<String>,
    #[serde(default)]
    recalled: bool,
}

#[derive(Deserialize)]
struct BodyJson {
    text: String,
}

impl LiveFrame {
    /// Parses a frame.
    pub fn parse(text: &str) -> Result<Self> {
        let wire: FrameJson = serde_json::from_str(text).with_context(|| text.to_owned())?;
        let cursor = wire.cursor.as_deref().and_then(parse_cursor);
        Ok(match (wire.kind.as_str(), wire.entry, cursor) {
            ("entry", Some(entry), _) => Self::Entry(entry.into_received(wire.more)),
            ("caught_up", _, Some(cursor)) => Self::CaughtUp(cursor),
            ("problem", ..) => Self::Problem(wire.code.unwrap_or_default()),
            ("typing" | "presence", ..) => Self::Ephemeral,
            _ => bail!("unknown frame: {text}"),
        })
    }
}

impl EntryJson {
    /// The entry, received now.
    pub fn into_received(self, more: bool) -> ReceivedEntry {
        let form = MessageContent::from_data(&self.kind, self.data);
        ReceivedEntry {
            key: DeviceEntryKey::new(self.position, &self.conversation_id, &self.kind),
            received_at: unix_millis(),
            more,
            content: form.map(Box::new),
        }
    }
}

impl MessageContent {
    fn from_data(kind: &str, data: EntryDataJson) -> Option<Self> {
        let shows_message = ["message_sent", "message_edited", "message_recalled"].contains(&kind);
        let word = |body: BodyJson| body.text.split(' ').next().unwrap_or_default().into();
        let word = data.body.map(word);
        shows_message.then_some(Self {
            seq: data.seq.filter(|_| shows_message)?,
            // An edit of a message that was recalled later shows no body.
            recalled: data.recalled || kind == "message_recalled" || word.is_none(),
            word,
            edited_at: data.edited_at.map(Into::into),
        })
    }

    /// Whether it is newer than another content of the same message.
    fn is_newer_than(&self, other: &Self) -> bool {
        self.recalled || (!other.recalled && self.edited_at >= other.edited_at)
    }
}

/// The first word of each message, by conversation and seq.
pub type MessageWords = BTreeMap<(Arc<str>, i64), Option<Arc<str>>>;

/// The newest content of each message in these entries.
pub fn newest_contents<'a>(collected: impl Iterator<Item = &'a ReceivedEntry>) -> MessageWords {
    let mut newest: BTreeMap<(Arc<str>, i64), &MessageContent> = BTreeMap::new();
    for entry in collected {
        let Some(form) = entry.content.as_deref() else {
            continue;
        };
        let entry = newest.entry((Arc::clone(&entry.key.conversation), form.seq));
        let known = entry.or_insert(form);
        if form.is_newer_than(known) {
            *known = form;
        }
    }
    let shown = newest.into_iter().map(|(message, form)| {
        let word = form.word.clone().filter(|_| !form.recalled);
        (message, word)
    });
    shown.collect()
}

impl DeviceLog {
    /// All entries, in the order of the connections.
    pub fn entries(&self) -> impl Iterator<Item = &ReceivedEntry> {
        self.connections.iter().flat_map(|it| &it.entries)
    }
}

/// Milliseconds since 1970.
pub fn unix_millis() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as i64)
}
