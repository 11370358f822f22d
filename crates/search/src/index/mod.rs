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
mod document;
mod error;
mod exclusion;
mod file_fingerprints;
mod handle;
mod hit;
mod index_dir;
mod integrity;
mod page_collector;
mod pread_directory;
mod query_builder;
mod request;
mod schema;
mod statistics;
mod visibility;
mod writer;

pub use digest::{DigestComparison, IndexDigest, IndexView};
pub use document::{DocumentKey, IndexCheckpoint, MessageDocument};
pub use error::IndexError;
pub use file_fingerprints::Tampering;
pub use handle::Index;
pub use hit::{HitCursor, SearchHit, Sort};
pub use index_dir::{BuildNumber, CURRENT_FILE, IndexDir, build_name, parse_build_name};
pub use integrity::verify;
pub use query_builder::{IdResolver, NoIds};
pub use request::{SearchRequest, SearchResults};
pub use statistics::Bm25Statistics;
pub use visibility::{VisibilityFilter, VisibleConversations, VisibleSeqs};
pub use writer::SearchIndexWriter;
