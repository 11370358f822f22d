//! Connections to servers: which Postgres accepts writes, how long an exchange may take, and what
//! the log of a process says while a server is away. Every crate that talks to a server uses it.
//!
//! - [`postgres`]: sessions with the Postgres that accepts writes.
//! - [`timeout`]: time limits for exchanges with Postgres. `sqlstate`: which error it answered.
//! - [`address`]: restricts the addresses that users and operators may have this program connect
//!   to. [`AllowlistResolver`]: does so when a host name is resolved.
//! - [`OutageLog`]: logs that a server is away and back, once each.

#![deny(missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a failing test panics"))]

pub mod address;
mod allowlist_resolver;
mod outage_log;
pub mod postgres;
mod sqlstate;
pub mod timeout;

pub use allowlist_resolver::AllowlistResolver;
pub use outage_log::OutageLog;
pub use sqlstate::has_sqlstate;
