//! The event log in Postgres: the only crate that appends events. Every other crate that needs
//! events reads them through this one.
//!
//! In the order in which data passes through it:
//!
//! - [`store`], `cache`: the warm aggregates, one slot each. A command locks a slot, decides on its
//!   state and appends ([`LockedAggregate`]).
//! - [`append`]: the append request, and the ticket that resolves once the append is durable.
//! - `queue`, `committer`, `commit`: group commit. Everything that is queued goes into one SQL
//!   statement and one fsync.
//! - `external_events`: applies the events of other processes before this process decides on top of
//!   them.
//! - [`receipt`]: idempotency. The first response to a client's key, stored forever.
//! - `load`, `snapshot`, `message_history`: load cold aggregates and old messages from Postgres.
//! - [`commits`]: delivers the commits of this process from memory to subscribers in the same
//!   process.
//! - [`cqrs`]: the same store as a cqrs-es `EventStore`.
//! - [`reader`], `stream_names`, [`user_filter`]: read the log by position, stream, type, time and
//!   user.
//! - [`read_ahead`]: prefetches pages while the caller processes the previous one.

#![deny(missing_docs)]

pub mod append;
mod cache;
mod commit;
pub mod commits;
mod committer;
pub mod cqrs;
mod error;
mod external_events;
mod load;
mod locked_aggregate;
mod log;
mod logged_event;
mod message_history;
mod queue;
pub mod read_ahead;
pub mod reader;
pub mod receipt;
mod snapshot;
pub mod store;
mod stream_names;
pub mod user_filter;

pub use append::{AppendError, AppendRequest, AppendTicket, AppendedRange, Observation};
pub use error::LogError;
pub use locked_aggregate::LockedAggregate;
pub use log::{EventLog, LogConfig};
pub use logged_event::LoggedEvent;
pub use receipt::{NewReceipt, Receipt, ReceiptKey};
pub use store::AggregateStore;
