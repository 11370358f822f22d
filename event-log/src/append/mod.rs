//! Group commit: everything that is queued goes into one SQL statement and one fsync.
//!
//! - [`request`]: the append request, and the ticket that resolves once the append is durable.
//! - [`queue`], [`revision`]: the queue, and how a decision on an old state is recognised.
//! - [`committer`], [`statement`]: the task that appends, and its SQL.
//! - [`external_events`]: applies the events of other processes before this process decides on top
//!   of them.
//! - [`receipt`]: idempotency. The first response to a client's key, stored forever.
//! - [`commits`]: delivers the commits of this process from memory.

pub mod commits;
pub(crate) mod committer;
pub(crate) mod external_events;
pub(crate) mod queue;
pub mod receipt;
pub mod request;
pub(crate) mod revision;
mod statement;
