//! Group commit: everything that is queued goes into one SQL statement and one fsync.
//!
//! - [`request`]: the append request, and the ticket that resolves once the append is durable.
//! - [`queue`], [`revision`]: the queue, and how a decision on an old state is recognised.
//! - [`committer`], [`writer_session`], [`statement`]: the task that appends, its connection with
//!   the epoch that it has begun, and its SQL.
//! - `batch`: which appends of a batch can be written.
//! - [`replication_notice`]: recognises commits that may not have been replicated.
//! - [`external_events`]: applies the events of other processes before this process decides on top
//!   of them.
//! - [`receipt`]: idempotency. The first response to a client's key, stored forever.
//!   [`receipt_lookup`]: finds repeated keys before the commands are decided.
//! - [`commits`]: delivers the commits of this process from memory.

mod batch;
pub mod commits;
pub(crate) mod committer;
pub(crate) mod external_events;
pub(crate) mod queue;
pub mod receipt;
pub(crate) mod receipt_lookup;
pub(crate) mod replication_notice;
pub mod request;
pub(crate) mod revision;
mod statement;
pub(crate) mod writer_session;
