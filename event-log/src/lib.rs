//! The event log in Postgres: the only crate that appends events. Every other crate that needs
//! events reads them through this one.
//!
//! In the order in which data passes through it:
//!
//! - [`log`](EventLog): the handle to the log, which connects the parts.
//! - `aggregate`: the warm aggregates. A command locks one ([`LockedAggregate`]), decides on its
//!   state and appends. [`cqrs`] is the same store as a cqrs-es `EventStore`.
//! - `append`: group commit. The request goes into a queue; the committer writes everything that is
//!   queued in one SQL statement with one fsync, and then delivers it from memory ([`commits`]).
//!   [`receipt`]: idempotency.
//! - `read`: reads the log by position, stream, type, time and user ([`reader`], [`user_filter`],
//!   [`sent_range`]), counts the messages of a conversation ([`stored_messages`]), and prefetches
//!   pages ([`read_ahead`]). [`log_end`]: where the log ends. [`message_bodies`]: bodies by
//!   position. [`link_secret`]: the secret of the codes of links. [`TypeFollower`]: the events of
//!   some rare types, for state that every process holds.
//! - [`traced_events`]: which events belong to traced requests.

#![deny(missing_docs)]

mod aggregate;
mod append;
mod error;
mod log;
mod read;
mod traced_events;

pub use aggregate::cached_aggregate::{CachedAggregate, UpcasterProvider};
pub use aggregate::cqrs;
pub use aggregate::locked_aggregate::LockedAggregate;
pub use aggregate::logged_event::LoggedEvent;
pub use aggregate::store::AggregateStore;
pub use append::receipt::{NewReceipt, Receipt, ReceiptKey};
pub use append::replication_notice::replication_notices;
pub use append::request::{AppendError, AppendRequest, AppendTicket, AppendedRange, Observation};
pub use append::{commits, receipt};
pub use error::LogError;
pub use log::{EventLog, LogConfig, may_append};
pub use read::flagged_events::{FlaggedFilter, FlaggedPage};
pub use read::type_follower::{FollowedEvents, TypeFollower};
pub use read::{
    link_secret, log_end, message_bodies, read_ahead, reader, sent_range, stored_messages,
    user_filter,
};
pub use traced_events::traced_events;
