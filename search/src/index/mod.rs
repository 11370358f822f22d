//! The index: one document a message, found by its text and its fields, within what somebody may see.
//!
//! In the order of use: [`Message`] is what goes in, [`Writer`] puts it there together with the position
//! in the log up to which the index is complete, and [`Found`] is what [`Index::find`] answers to an
//! [`Ask`]. The text itself is not kept here: it is in the read models, where it is shown from.

mod analyser;
mod ask;
mod find;
mod schema;
mod visible;
mod writer;

pub use ask::Names;
pub use find::{Ask, Found, Hit, Sort};
pub use visible::{Seen, Visible};
pub use writer::Writer;

use std::path::Path;

use tantivy::directory::{MmapDirectory, RamDirectory};
use tantivy::{Directory, IndexReader, ReloadPolicy};

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
    /// Who is mentioned.
    pub mentions: Vec<u64>,
    /// What is searched of it, in its newest form.
    pub text: String,
}

/// Something went wrong with the index itself.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// It is not there, cannot be read or written, or is not of this shape.
    #[error("the search index: {0}")]
    Tantivy(#[from] tantivy::TantivyError),
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
    reader: IndexReader,
    fields: Fields,
}

impl Index {
    /// Opens the index in a directory, which exists, and makes it there if there is none. An index of
    /// another shape is an error: it is to be built again.
    pub fn open(directory: &Path) -> Result<Self, IndexError> {
        let directory = MmapDirectory::open(directory).map_err(tantivy::TantivyError::from)?;
        Self::within(directory)
    }

    /// A new one that is gone with the process.
    pub fn in_memory() -> Result<Self, IndexError> {
        Self::within(RamDirectory::create())
    }

    fn within(directory: impl Directory) -> Result<Self, IndexError> {
        let (schema, fields) = schema::schema();
        let index = tantivy::Index::open_or_create(directory, schema)?;
        index
            .tokenizers()
            .register(analyser::NAME, analyser::Analyser);
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()?;
        Ok(Self {
            library: index,
            reader,
            fields,
        })
    }

    /// Sees what has been committed since, by whichever process. Returns the position that the index
    /// is complete up to now.
    pub fn refresh(&self) -> Result<u64, IndexError> {
        self.reader.reload()?;
        self.checkpoint()
    }

    /// The position in the log up to which the last commit is complete, 0 if there was none.
    pub fn checkpoint(&self) -> Result<u64, IndexError> {
        let metas = self.library.load_metas()?;
        match metas.payload {
            None if metas.segments.is_empty() => Ok(0),
            payload => payload
                .as_deref()
                .and_then(|text| text.parse().ok())
                .ok_or(IndexError::NoCheckpoint(payload)),
        }
    }

    /// Reads all of it against its checksums: what opening and searching do not notice.
    pub fn verify(&self) -> Result<(), IndexError> {
        let damaged = self.library.validate_checksum()?;
        if damaged.is_empty() {
            return Ok(());
        }
        Err(IndexError::Damaged(damaged.into_iter().collect()))
    }
}
