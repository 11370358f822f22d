//! The warm aggregates: each has a slot in the cache with its newest state.
//!
//! - [`logged_event`], [`cached_aggregate`]: what the log needs of an event and of an aggregate.
//! - [`store`], [`cache`], [`slot`]: the states, bounded by their size.
//! - [`locked_aggregate`]: locks a slot, to decide on its state and to append.
//! - [`load`], [`snapshot`], [`message_history`], [`scheduled_content`]: load cold aggregates, old
//!   messages and the content of scheduled messages from Postgres.
//! - [`cqrs`]: the store as a cqrs-es `EventStore`.

mod cache;
pub(crate) mod cached_aggregate;
pub mod cqrs;
mod load;
pub(crate) mod locked_aggregate;
pub(crate) mod logged_event;
mod message_history;
mod scheduled_content;
mod slot;
pub(crate) mod snapshot;
pub mod store;
