//! Maintains the search index, which follows the log with its own checkpoint.
//!
//! The log says which messages have changed. The read model provides their current content and the
//! ids of users and conversations. A commit is atomic: it contains all changes up to a position,
//! together with that position.
//!
//! - `build_files`: the protocol by which processes agree on the builds of the index:
//!   [`IndexBuilds`] for any process, [`WriterGuard`] for the writer process.
//! - `read_model`: the position and the numbering of the read model.
//! - `messages`: loads the current content of messages from the read model.
//! - `resume`, `fill`: fill a new index with all messages, or complete an interrupted or kept
//!   build.
//! - `build`: runs a build while another index is served.
//! - `compatibility`: checks that an index belongs to this log and can continue from its position.
//! - `writable_index`: an open index that follows the log.
//! - `index_pair`: compares two indexes at the same position.
//! - `report`: the result of a build, and how it compares with the index that was served.
//! - [`Indexer`]: one step at a time: indexes changes, detects corruption, runs rebuilds.
//! - [`run_indexer`]: the loop around the step.
//! - [`rebuild_index`], [`verify_index`]: the operator's commands.

mod blocking;
mod build;
mod build_files;
mod compatibility;
mod error;
mod fill;
mod index_pair;
mod indexer;
mod messages;
mod outcome;
mod read_model;
mod rebuild;
mod report;
mod resume;
mod run;
mod verify;
mod writable_index;

pub use build_files::{IndexBuilds, RebuildRequest, WriterGuard};
pub use error::IndexingError;
pub use indexer::{Indexer, IntegrityChecks};
pub use outcome::IndexingOutcome;
pub use rebuild::{IndexProgress, rebuild_index};
pub use report::{BuildReport, DifferingMessage, IndexComparison};
pub use run::run_indexer;
pub use verify::verify_index;
