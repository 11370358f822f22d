//! The projector folds the event log into the read model: the tables that the query API serves.
//! No other component writes those tables.
//!
//! Data passes through the crate in this order:
//!
//! - [`event_stream::source`]: delivers events, from JetStream or, if that is unavailable, from the
//!   log itself.
//! - `decode`: parses each event and upcasts it to its current version.
//! - `load`, `row_cache`, `working_set`: the current values of the rows that a batch changes.
//! - `fold`: applies each event to those rows. Pure: no I/O. `rows`, `access_rows`,
//!   `case_rows`, `file_rows`: what it adds.
//! - `write`: writes the result in a handful of statements.
//! - `checkpoint`: the position of the tables, advanced in the same transaction.
//! - [`Projector`]: combines all of this into a step. `trim` deletes entries that are older than
//!   the offline window.
//! - `affected`: the audience of a batch, for the signal that [`run()`] publishes. `live_entries`:
//!   the entries to push along with that signal.
//! - [`run()`]: the loop around the step. [`rebuild()`]: folds the log into shadow tables and swaps
//!   them in. [`digest()`]: fingerprints tables to find out whether two read models are equal.
//! - [`index`]: the search index, which is built from these tables.
//! - `unread_history`: unread counts over time, by the same fold and without tables.
//!
//! A rebuild must produce the same rows, byte for byte. So the fold reads neither the clock nor
//! configuration that changes; users and conversations get their ids in the order in which the log
//! first names them; and an event's effect does not depend on the other events in its batch. An
//! event that cannot be folded is parked. Later events from the same source, and mailbox events
//! about the same conversation, are parked behind it. All other events are folded as usual.

#![deny(missing_docs)]

mod access_rows;
mod affected;
mod case_rows;
mod checkpoint;
mod config;
mod decode;
mod digest;
mod error;
mod file_rows;
mod fold;
pub mod index;
mod live_entries;
mod load;
mod projector;
mod rebuild;
mod row_cache;
mod rows;
mod run;
mod session;
mod session_rows;
mod sql_names;
mod sql_quote;
mod trim;
mod unread_history;
mod working_set;
mod write;

pub use checkpoint::Checkpoint;
pub use config::ProjectorConfig;
pub use digest::{TableDigest, digest};
pub use error::ProjectionError;
pub use projector::Projector;
pub use rebuild::{
    PreviousVersion, ReadModelComparison, RebuildProgress, RebuildStart, RebuildSummary,
    RowDifference, rebuild, rollback, verify,
};
pub use run::{InProcessChannels, run};
pub use session::{LIVE, REBUILD};
pub use trim::TrimResult;
pub use unread_history::{
    UnreadGrouping, UnreadHistory, UnreadHistoryOptions, UnreadInterval, UnreadRow,
};
