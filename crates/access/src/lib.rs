//! What every process knows, within a second, of what administrators and moderators have decided:
//! who is deactivated or banned, and whose tokens are revoked; and which devices users remove.
//!
//! In the order in which data passes through it:
//!
//! - [`AccessFollower`]: reads the events of these decisions from the log.
//! - [`AccessView`]: folds them. Pure.
//! - [`SharedAccess`]: the newest view, shared by the middleware and the live connections of a
//!   process.

#![deny(missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a failing test panics"))]

mod follower;
mod shared;
mod view;

pub use follower::{AccessFollower, POLL_INTERVAL};
pub use shared::{RemovedDevice, SharedAccess};
pub use view::{AccessRefusal, AccessView, UserAccess};
