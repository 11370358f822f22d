//! What one device has collected: every connection, and every entry with the moment at which it came.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// Everything that came to a device.
#[derive(Debug, Default, Clone)]
pub struct Journal {
    /// Whose device it is.
    pub user: String,
    /// Its name, whether or not its connections tell it.
    pub device: String,
    /// The device had everything up to here when it began; `None` if nothing ever came.
    pub began: Option<i64>,
    /// In the order in which they were opened. Two of them may have been open at once.
    pub connections: Vec<Connection>,
}

/// One connection.
#[derive(Debug, Default, Clone)]
pub struct Connection {
    /// When it was asked for, in milliseconds since 1970.
    pub opened: i64,
    /// Nothing up to here is to come.
    pub after: i64,
    /// Whether it named its device: what is not acknowledged comes again.
    pub named: bool,
    /// What was acknowledged over it.
    pub acked: i64,
    /// The entries, as they came.
    pub entries: Vec<Collected>,
    /// `caught_up`: its cursor, and when it came.
    pub caught_up: Option<(i64, i64)>,
}

/// What never changes of an entry. In the order of the feed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Where it stands in the log.
    pub position: i64,
    /// In which conversation; one ack may tell several.
    pub conversation: Arc<str>,
    /// What happened.
    pub kind: Arc<str>,
}

impl Key {
    /// Of so many entries few names are different, so each is kept once.
    pub fn new(position: i64, conversation: &str, kind: &str) -> Self {
        Self {
            position,
            conversation: shared(conversation),
            kind: shared(kind),
        }
    }
}

fn shared(name: &str) -> Arc<str> {
    static NAMES: LazyLock<Mutex<HashSet<Arc<str>>>> = LazyLock::new(Mutex::default);
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return Arc::clone(known);
    }
    let new: Arc<str> = name.into();
    names.insert(Arc::clone(&new));
    new
}

/// An entry as it came.
#[derive(Debug, Clone)]
pub struct Collected {
    /// What never changes of it.
    pub key: Key,
    /// When it came, in milliseconds since 1970.
    pub at: i64,
    /// Another entry of this position follows.
    pub more: bool,
    /// What it says of a message.
    pub form: Option<Box<Form>>,
}

/// What an entry says of a message, as it was when the entry was served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// Which message of the conversation.
    pub seq: i64,
    /// The first word of its text, which no two bodies share; `None` once it is recalled.
    pub word: Option<Arc<str>>,
    /// When it was last edited, as a text that sorts like the time.
    pub edited: Option<Arc<str>>,
    /// Whether it is recalled.
    pub recalled: bool,
}

/// A frame of the server.
#[derive(Debug)]
pub enum Frame {
    /// An entry.
    Entry(Collected),
    /// The backlog is through.
    CaughtUp(i64),
    /// Why the connection is about to end.
    Problem(String),
    /// Presence and typing.
    Aside,
}

#[derive(Deserialize)]
struct Wire {
    #[serde(rename = "type")]
    kind: String,
    entry: Option<WireEntry>,
    #[serde(default)]
    more: bool,
    cursor: Option<i64>,
    code: Option<String>,
}

/// An entry of the feed, as far as it is compared.
#[derive(Deserialize)]
pub struct WireEntry {
    position: i64,
    #[serde(rename = "type")]
    kind: String,
    conversation_id: String,
    #[serde(default)]
    data: WireData,
}

#[derive(Deserialize, Default)]
struct WireData {
    seq: Option<i64>,
    body: Option<WireBody>,
    edited_at: Option<String>,
    #[serde(default)]
    recalled: bool,
}

#[derive(Deserialize)]
struct WireBody {
    text: String,
}

impl Frame {
    /// Reads one.
    pub fn read(text: &str) -> Result<Self> {
        let wire: Wire = serde_json::from_str(text).with_context(|| text.to_owned())?;
        Ok(match (wire.kind.as_str(), wire.entry, wire.cursor) {
            ("entry", Some(entry), _) => Self::Entry(entry.collected(wire.more)),
            ("caught_up", _, Some(cursor)) => Self::CaughtUp(cursor),
            ("problem", ..) => Self::Problem(wire.code.unwrap_or_default()),
            ("typing" | "presence", ..) => Self::Aside,
            _ => bail!("an unknown frame: {text}"),
        })
    }
}

impl WireEntry {
    /// As it came now.
    pub fn collected(self, more: bool) -> Collected {
        let form = Form::of(&self.kind, self.data);
        Collected {
            key: Key::new(self.position, &self.conversation_id, &self.kind),
            at: now(),
            more,
            form: form.map(Box::new),
        }
    }
}

impl Form {
    fn of(kind: &str, data: WireData) -> Option<Self> {
        let tells = ["message_sent", "message_edited", "message_recalled"].contains(&kind);
        let word = |body: WireBody| body.text.split(' ').next().unwrap_or_default().into();
        let word = data.body.map(word);
        tells.then_some(Self {
            seq: data.seq.filter(|_| tells)?,
            // An edit of a message that was recalled since shows no body.
            recalled: data.recalled || kind == "message_recalled" || word.is_none(),
            word,
            edited: data.edited_at.map(Into::into),
        })
    }

    /// Whether it is a later form than another one of the same message.
    fn is_newer_than(&self, other: &Self) -> bool {
        self.recalled || (!other.recalled && self.edited >= other.edited)
    }
}

/// Messages as they are, by conversation and seq.
pub type Messages = BTreeMap<(Arc<str>, i64), Option<Arc<str>>>;

/// What somebody shows who has collected these: the newest form of each message, its word.
pub fn newest<'a>(collected: impl Iterator<Item = &'a Collected>) -> Messages {
    let mut newest: BTreeMap<(Arc<str>, i64), &Form> = BTreeMap::new();
    for entry in collected {
        let Some(form) = entry.form.as_deref() else {
            continue;
        };
        let place = newest.entry((Arc::clone(&entry.key.conversation), form.seq));
        let known = place.or_insert(form);
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

impl Journal {
    /// Everything, in the order of the connections.
    pub fn entries(&self) -> impl Iterator<Item = &Collected> {
        self.connections.iter().flat_map(|it| &it.entries)
    }
}

/// Milliseconds since 1970.
pub fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as i64)
}
