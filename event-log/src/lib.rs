//! The event log in Postgres: the only crate that appends to `log.*`, reads it and mirrors it.
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
//! - [`cqrs`]: the same store as a cqrs-es `EventStore`.
//! - [`reader`], `stream_names`, `user_filter`: read the log by position, stream, type, time and
//!   user.
//! - [`read_ahead`]: prefetches pages while the caller processes the previous one.
//! - [`seal`]: tamper evidence.
//! - [`erasure`]: removes content from events that are already stored. `polling_worker` is the loop
//!   of the sealer and the eraser.
//! - [`commit_feed`]: delivers the commits of this process from memory to subscribers in the same
//!   process.
//! - [`nats`], [`mirror`] and [`relay`]: the exact copy of the log in JetStream.
//! - [`source`]: the events after a position, from the commit feed or from JetStream, and from the
//!   log itself whenever these do not deliver. [`projection`]: runs a custom projection on it.
//! - [`projection_signal`], [`live_entry`]: what the projector publishes after each batch.

#![deny(missing_docs)]

pub mod append;
mod cache;
mod commit;
pub mod commit_feed;
mod committer;
pub mod cqrs;
pub mod erasure;
mod error;
mod external_events;
pub mod live_entry;
mod load;
mod locked_aggregate;
mod log;
mod logged_event;
mod message_history;
pub mod mirror;
pub mod nats;
mod polling_worker;
pub mod projection;
pub mod projection_signal;
mod queue;
pub mod read_ahead;
pub mod reader;
pub mod receipt;
pub mod relay;
pub mod seal;
mod snapshot;
pub mod source;
pub mod store;
mod stream_names;
mod user_filter;

pub use append::{AppendError, AppendRequest, AppendTicket, AppendedRange, Observation};
pub use error::LogError;
pub use locked_aggregate::LockedAggregate;
pub use log::{EventLog, LogConfig};
pub use logged_event::LoggedEvent;
pub use receipt::{NewReceipt, Receipt, ReceiptKey};
pub use store::AggregateStore;
