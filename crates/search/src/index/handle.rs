//! An open index: its reader, and the snapshot that searches use.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use tantivy::directory::RamDirectory;
use tantivy::{Directory, IndexReader, ReloadPolicy};

use super::analyser::{Analyser, TOKENIZER_NAME};
use super::columns::SearcherSnapshot;
use super::document::IndexCheckpoint;
use super::error::IndexError;
use super::pread_directory::PreadDirectory;
use super::schema::{SchemaFields, build_schema};

/// An index in a directory, or in memory.
#[derive(Clone)]
pub struct Index {
    pub(super) tantivy_index: tantivy::Index,
    /// `None` in memory.
    pub(super) directory: Option<PreadDirectory>,
    reader: IndexReader,
    pub(super) fields: SchemaFields,
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
        let (schema, fields) = build_schema();
        let index = tantivy::Index::open_or_create(directory, schema)?;
        index.tokenizers().register(TOKENIZER_NAME, Analyser);
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

    pub(super) fn snapshot(&self) -> Arc<SearcherSnapshot> {
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

    pub(super) fn segment_ids(&self) -> Result<BTreeSet<String>, IndexError> {
        let segments = self.tantivy_index.load_metas()?.segments;
        Ok(segments
            .iter()
            .map(|segment| segment.id().uuid_string())
            .collect())
    }
}
