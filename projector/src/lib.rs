//! The read models: folds the log into the tables that are served, and is the only one to write
//! them.
//!
//! In the order that data meets it:
//!
//! - [`event_log::source`]: events, from JetStream or, whenever that does not do, from the log itself.
//! - `decode`: what each of them says, in today's shape.
//! - `load`, `memory`, `picture`: the rows that a batch of them touches, as they are now.
//! - `fold`: what each event does to those rows. Pure.
//! - `write`: the outcome, in a handful of statements.
//! - `checkpoint`: how far the tables are, moved in the same transaction.
//! - [`Projector`]: all of that as a step; `trim`: entries older than the offline window.
//! - `touched`: whom a batch concerns, for the bell that [`run`] rings; `told`: with the entries themselves.
//! - [`run`]: the loop around it. [`rebuild`]: the same fold into tables beside the served ones,
//!   and the swap. [`digest`]: whether two read models are equal.
//! - [`index`]: the search index, which is made from these tables.
//!
//! The rules, so that a rebuild gives the same rows, byte for byte: the fold reads neither clock
//! nor configuration that changes; users and conversations are numbered as the log names them; an
//! event's effect does not depend on which other events are in its batch. What cannot be folded is
//! parked, together with what comes after it from the same source and with what mailboxes say of
//! that conversation, and everything else flows on.

#![deny(missing_docs)]

mod checkpoint;
mod config;
mod decode;
mod digest;
mod error;
mod fold;
pub mod index;
mod live;
mod load;
mod memory;
mod names;
mod picture;
mod projector;
mod rebuild;
mod rows;
mod session;
mod told;
mod touched;
mod trim;
mod write;

pub use checkpoint::Checkpoint;
pub use config::ProjectorConfig;
pub use digest::{TableDigest, digest};
pub use error::ProjectError;
pub use live::{Near, run};
pub use projector::Projector;
pub use rebuild::{Comparison, Difference, Progress, Rebuilt, Replaced, kept, rebuild, verify};
pub use session::{LIVE, REBUILD};
pub use trim::Trimmed;
