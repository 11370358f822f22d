//! The index: one document per message, searchable by text and fields, restricted to what the
//! caller may see.
//!
//! In the order of use: [`SearchIndexWriter`] stores each [`MessageDocument`], and commits an
//! [`IndexCheckpoint`] with them: the log position up to which the index is complete.
//! [`Index::search`] answers a [`SearchRequest`] with [`SearchResults`]. [`IndexDir`] is the
//! directory that holds successive builds of the index. [`verify`] and [`Index::check_files`]
//! detect corruption; [`IndexView::compare`] compares the contents of two indexes. The index does
//! not store message text; the read models do, and results are displayed from there.

mod analyser;
mod columns;
mod digest;
mod exclusion;
mod file_fingerprints;
mod index_dir;
mod integrity;
mod page_collector;
mod pread_directory;
mod previous;
mod query_builder;
mod rebuild_request;
mod request;
mod schema;
mod statistics;
mod visibility;
mod writer;

pub use digest::{DigestComparison, DocumentKey, IndexDigest, IndexView};
pub use file_fingerprints::Tampering;
pub use index_dir::{BuildNumber, IndexDir, WriterLock};
pub use integrity::verify;
pub use page_collector::HitCursor;
pub use query_builder::{IdResolver, NoIds};
pub use rebuild_request::RebuildRequest;
pub use request::{SearchHit, SearchRequest, SearchResults, Sort};
pub use statistics::Bm25Statistics;
pub use visibility::{VisibilityFilter, VisibleConversations, VisibleSeqs};
pub use writer::SearchIndexWriter;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use tantivy::directory::RamDirectory;
use tantivy::{Directory, IndexReader, ReloadPolicy};

use columns::SearcherSnapshot;
use pread_directory::PreadDirectory;
use schema::SchemaFields;

/// A message as stored in the index. Users and conversations are numeric ids, as in the read
/// models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageDocument {
    /// The log position of the `message_sent` event, which identifies the message.
    pub position: u64,
    /// The conversation of the message.
    pub conversation: u64,
    /// The sequence number within the conversation.
    pub seq: u64,
    /// The user who sent it.
    pub sender: u64,
    /// When it was sent, in milliseconds since 1970.
    pub sent_at: i64,
    /// The message type, as in `type:`.
    pub kind: String,
    /// The names of the users it mentions.
    pub mentions: Vec<String>,
    /// The searchable text of the latest version.
    pub text: String,
}

impl MessageDocument {
    /// Returns its conversation and sequence number.
    pub fn key(&self) -> DocumentKey {
        (self.conversation, self.seq)
    }
}

/// The log position up to which an index is complete, and the log it belongs to. Committed
/// atomically with the messages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexCheckpoint {
    /// The position of the last event that the index includes, or 0.
    pub position: u64,
    /// When that event was appended, in milliseconds since 1970. It detects a log that was restored
    /// from an older backup and continued: there, another event has this position.
    pub time: i64,
    /// The id of the log.
    pub log: String,
    /// The generation of the numeric ids of users and conversations.
    pub numbering: i64,
    /// For an index that is still being filled: the last message added, in the order of
    /// conversation and sequence number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filled: Option<DocumentKey>,
}

/// A failure of the index.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The index is missing, cannot be read or written, or has another schema.
    #[error("the search index: {0}")]
    Tantivy(#[from] tantivy::TantivyError),
    /// A file of the index cannot be read or written.
    #[error("the search index: {0}")]
    Io(#[from] std::io::Error),
    /// The last commit has no valid checkpoint; the value is its payload.
    #[error("the search index has no valid checkpoint: {0:?}")]
    NoCheckpoint(Option<String>),
    /// These files are missing or do not match their checksums.
    #[error("the search index is damaged: {0:?}")]
    Corrupted(Vec<std::path::PathBuf>),
}

/// An index in a directory, or in memory.
#[derive(Clone)]
pub struct Index {
    tantivy_index: tantivy::Index,
    /// `None` in memory.
    directory: Option<PreadDirectory>,
    reader: IndexReader,
    fields: SchemaFields,
    snapshot: Arc<RwLock<Arc<SearcherSnapshot>>>,
}

impl Index {
    /// Opens the index in an existing directory, and creates it if there is none. Fails if the
    /// index has another schema; it must be rebuilt then.
    pub fn open(directory: &Path) -> Result<Self, IndexError> {
        let files = PreadDirectory::open(directory)?;
        Self::from_directory(files.clone(), Some(files))
    }

    /// Creates an empty index in memory.
    pub fn in_memory() -> Result<Self, IndexError> {
        Self::from_directory(RamDirectory::create(), None)
    }

    fn from_directory(
        directory: impl Directory,
        files: Option<PreadDirectory>,
    ) -> Result<Self, IndexError> {
        let (schema, fields) = schema::build_schema();
        let index = tantivy::Index::open_or_create(directory, schema)?;
        index
            .tokenizers()
            .register(analyser::TOKENIZER_NAME, analyser::Analyser);
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()?;
        let snapshot = SearcherSnapshot::open(reader.searcher(), None)?;
        Ok(Self {
            tantivy_index: index,
            directory: files,
            reader,
            fields,
            snapshot: Arc::new(RwLock::new(Arc::new(snapshot))),
        })
    }

    /// Makes the latest commit visible to searches, whichever process made it. Returns a checkpoint
    /// that the visible state includes; that state may already be newer.
    pub fn refresh(&self) -> Result<IndexCheckpoint, IndexError> {
        // Read the checkpoint first: a commit between the two steps then only makes the index newer
        // than the returned checkpoint.
        let checkpoint = self.checkpoint()?;
        self.reader.reload()?;
        let snapshot = SearcherSnapshot::open(self.reader.searcher(), Some(&self.snapshot()))?;
        *self
            .snapshot
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(snapshot);
        Ok(checkpoint)
    }

    fn snapshot(&self) -> Arc<SearcherSnapshot> {
        let snapshot = self.snapshot.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&snapshot)
    }

    /// Reads the checkpoint of the last commit. Returns the default one if there was no commit.
    pub fn checkpoint(&self) -> Result<IndexCheckpoint, IndexError> {
        let metas = self.tantivy_index.load_metas()?;
        match metas.payload {
            None if metas.segments.is_empty() => Ok(IndexCheckpoint::default()),
            payload => payload
                .as_deref()
                .and_then(|text| serde_json::from_str(text).ok())
                .ok_or(IndexError::NoCheckpoint(payload)),
        }
    }

    /// Returns the number of messages as of the last [`Index::refresh`].
    pub fn message_count(&self) -> u64 {
        self.snapshot().searcher.num_docs()
    }

    fn segment_ids(&self) -> Result<BTreeSet<String>, IndexError> {
        let segments = self.tantivy_index.load_metas()?.segments;
        Ok(segments
            .iter()
            .map(|segment| segment.id().uuid_string())
            .collect())
    }
}
