//! The log: the one place where events are appended, read and mirrored. All SQL on `log.*` is here.
//!
//! In the order that data meets it:
//!
//! - [`store`]: the newest state of every warm aggregate, in slots. A command locks one, decides,
//!   and appends ([`Locked`]).
//! - [`append`]: what it hands over, and the ticket it waits on.
//! - `queue`, `committer`, `commit`: everything that is queued goes into one statement, one fsync.
//! - `foreign`: what other processes wrote is taken in before anything is decided on top of it.
//! - [`receipt`]: the first answer to a client's key, kept for ever.
//! - `load`, `snapshot`, `story`: cold aggregates and old messages, from Postgres.
//! - [`cqrs`]: the same store as a cqrs-es `EventStore`.
//! - [`reader`], `names`: the log by position, by stream, by type, by time.
//! - [`pages`]: the same, ahead of whoever works on it.
//! - [`seal`]: proof that it is as it was.
//! - [`erasure`]: content that it no longer has.
//! - [`feed`]: what this process commits, for those who are in the same one.
//! - [`broker`], [`mirror`] and [`relay`]: the exact copy in JetStream.
//! - [`source`]: whatever comes after a position, from the feed, that copy or, whenever they do not deliver,
//!   from the log itself. [`projection`]: something of one's own, folded from that.
//! - [`bell`], [`told`]: what the projector tells those who wait for it.

#![deny(missing_docs)]

pub mod append;
pub mod bell;
pub mod broker;
mod cache;
mod commit;
mod committer;
mod concern;
pub mod cqrs;
pub mod erasure;
mod failed;
pub mod feed;
mod foreign;
mod load;
mod locked;
mod log;
pub mod mirror;
mod names;
pub mod pages;
pub mod projection;
mod queue;
pub mod reader;
pub mod receipt;
mod recorded;
pub mod relay;
pub mod seal;
mod snapshot;
pub mod source;
pub mod store;
mod story;
pub mod told;
mod worker;

pub use append::{Append, Appended, NotAppended, Observed, Ticket};
pub use failed::Failed;
pub use locked::Locked;
pub use log::{EventLog, LogConfig};
pub use receipt::{Key, NewReceipt, Receipt};
pub use recorded::Recorded;
pub use store::Store;
