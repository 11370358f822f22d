//! The tools of `tidings log`, and backups: they read, export, load, count, replay, verify, save
//! and restore the event log.
//!
//! - [`slice`](mod@slice): selects the events. [`event_types`]: their names. [`output`]: writes
//!   lines until the reader closes the pipe.
//! - [`tail`]: the end of the log, and what is appended to it.
//! - [`export`]: writes the log to files that other tools can open.
//! - [`load`]: loads an export into a new system, so that others can examine what happened.
//! - [`stats`]: counts events by type, time and conversation.
//! - [`replay`]: publishes events again, on a chosen NATS subject.
//! - [`verify`]: verifies the log, or an export of it, against its seals.
//! - [`sql_rows`]: runs SQL and prints the rows.
//! - [`backup`]: everything that cannot be derived, as files that restore into an empty database.
//!
//! No module prints or draws: each returns its result, and reports progress to its caller.

#![deny(missing_docs)]

pub mod backup;
pub mod event_types;
pub mod export;
pub mod load;
pub mod output;
pub mod replay;
pub mod slice;
pub mod sql_rows;
pub mod stats;
pub mod tail;
pub mod verify;
