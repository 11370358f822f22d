//! The index: one document a message, found by its text and its fields, within what somebody may see.
//!
//! In the order of use: [`Message`] is what goes in, [`Writer`] puts it there together with a
//! [`Checkpoint`], the position in the log up to which the index is complete, and [`Found`] is what
//! [`Index::find`] answers to an [`Ask`]. [`Place`] is the directory in which indexes follow each other;
//! [`verify`] and [`Index::look`] tell whether one is damaged, [`View::compare`] whether two say the same.
//! The text itself is not kept here: it is in the read models, where it is shown from.

mod analyser;
mod ask;
mod columns;
mod damage;
mod digest;
mod files;
mod find;
mod kept;
mod left_out;
mod page;
mod place;
mod schema;
mod stamps;
mod statistics;
mod visible;
mod wish;
mod writer;

pub use ask::{Names, Nobody};
pub use damage::verify;
pub use digest::{Compared, Digest, Key, View};
pub use find::{Ask, Found, Hit, Sort};
pub use page::After;
pub use place::{Build, Lock, Place};
pub use stamps::Touched;
pub use statistics::Statistics;
pub use visible::{Conversations, Seen, Visible};
pub use wish::Wish;
pub use writer::Writer;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use tantivy::directory::RamDirectory;
use tantivy::{Directory, IndexReader, ReloadPolicy};

use columns::Snapshot;
use files::Files;
use schema::Fields;

/// A message as it is searched. Users and conversations are numbers, as in the read models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Where it was sent in the log: its name here.
    pub position: u64,
    /// Where it is.
    pub conversation: u64,
    /// Its number there.
    pub seq: u64,
    /// Who sent it.
    pub sender: u64,
    /// When, in milliseconds since 1970.
    pub sent_at: i64,
    /// Its type, as in `type:`.
    pub kind: String,
    /// Who is mentioned, by name.
    pub mentions: Vec<String>,
    /// What is searched of it, in its newest form.
    pub text: String,
}

impl Message {
    /// Its conversation and seq.
    pub fn key(&self) -> Key {
        (self.conversation, self.seq)
    }
}

/// Up to where an index is complete, and of what. Changes in the same commit as the messages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The last event of the log that it has, 0 if it has none.
    pub position: u64,
    /// When that event happened, in milliseconds since 1970: in a log that was restored from an older
    /// copy and has gone on since, another event has that position.
    pub time: i64,
    /// Which log.
    pub log: String,
    /// Which numbering of users and conversations.
    pub numbering: i64,
    /// Of an index that is still being filled: the last message that it has, in the order of conversations and seqs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filled: Option<Key>,
}

/// Something went wrong with the index itself.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// It is not there, cannot be read or written, or is not of this shape.
    #[error("the search index: {0}")]
    Tantivy(#[from] tantivy::TantivyError),
    /// A file of it cannot be read or written.
    #[error("the search index: {0}")]
    Io(#[from] std::io::Error),
    /// Its last commit does not say what it is complete up to.
    #[error("the search index does not say how far it is: {0:?}")]
    NoCheckpoint(Option<String>),
    /// What was written is not what is read.
    #[error("the search index is damaged: {0:?}")]
    Damaged(Vec<std::path::PathBuf>),
}

/// An index in a directory, or in memory.
#[derive(Clone)]
pub struct Index {
    library: tantivy::Index,
    /// `None` in memory.
    files: Option<Files>,
    reader: IndexReader,
    fields: Fields,
    seen: Arc<RwLock<Arc<Snapshot>>>,
}

impl Index {
    /// Opens the index in a directory, which exists, and makes it there if there is none. An index of
    /// another shape is an error: it is to be built again.
    pub fn open(directory: &Path) -> Result<Self, IndexError> {
        let files = Files::within(directory)?;
        Self::within(files.clone(), Some(files))
    }

    /// A new one that is gone with the process.
    pub fn in_memory() -> Result<Self, IndexError> {
        Self::within(RamDirectory::create(), None)
    }

    fn within(directory: impl Directory, files: Option<Files>) -> Result<Self, IndexError> {
        let (schema, fields) = schema::schema();
        let index = tantivy::Index::open_or_create(directory, schema)?;
        index
            .tokenizers()
            .register(analyser::NAME, analyser::Analyser);
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()?;
        let seen = Snapshot::of(reader.searcher(), None)?;
        Ok(Self {
            library: index,
            files,
            reader,
            fields,
            seen: Arc::new(RwLock::new(Arc::new(seen))),
        })
    }

    /// Sees what has been committed since, by whichever process. Returns what is seen now, or less.
    pub fn refresh(&self) -> Result<Checkpoint, IndexError> {
        // In this order: a commit between the two makes the index newer than is said of it.
        let checkpoint = self.checkpoint()?;
        self.reader.reload()?;
        let seen = Snapshot::of(self.reader.searcher(), Some(&self.seen()))?;
        *self.seen.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(seen);
        Ok(checkpoint)
    }

    fn seen(&self) -> Arc<Snapshot> {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&seen)
    }

    /// That of the last commit; that of an empty log if there was none.
    pub fn checkpoint(&self) -> Result<Checkpoint, IndexError> {
        let metas = self.library.load_metas()?;
        match metas.payload {
            None if metas.segments.is_empty() => Ok(Checkpoint::default()),
            payload => payload
                .as_deref()
                .and_then(|text| serde_json::from_str(text).ok())
                .ok_or(IndexError::NoCheckpoint(payload)),
        }
    }

    /// How many messages the last [`Index::refresh`] saw.
    pub fn messages(&self) -> u64 {
        self.seen().searcher.num_docs()
    }

    fn segments(&self) -> Result<BTreeSet<String>, IndexError> {
        let segments = self.library.load_metas()?.segments;
        Ok(segments
            .iter()
            .map(|segment| segment.id().uuid_string())
            .collect())
    }
}
