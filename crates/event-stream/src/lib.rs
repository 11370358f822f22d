//! The events of the log as a stream: an exact copy of the log in JetStream, and sources that
//! follow it.
//!
//! In the order in which data passes through it:
//!
//! - [`nats`]: the connection to the broker.
//! - [`mirror`]: the names and the configuration of the stream that mirrors the log. [`relay`]:
//!   keeps it up to date, and `publisher` publishes the events. `replicas`: how many nodes of a
//!   cluster have the stream. `leader`: what happens when none of them leads it.
//! - [`mirror_health`]: whether the mirror follows the log, for metrics and readiness.
//! - [`commit_feed`]: the commits of this process, delivered from memory.
//! - [`source`]: the events after a position, from the commit feed or from JetStream, and from the
//!   log itself whenever these do not deliver.
//! - [`lineage`]: compares events and cursors with the history of the log.
//! - [`projection`]: runs a custom projection on a source.

#![deny(missing_docs)]

pub mod commit_feed;
mod leader;
pub mod lineage;
pub mod mirror;
pub mod mirror_health;
pub mod nats;
pub mod projection;
mod publisher;
pub mod relay;
mod replicas;
pub mod source;
