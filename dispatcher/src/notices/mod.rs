//! Notifications: for each message to somebody who is offline, together with what follows it in a short
//! while, and only if it is still unread then.
//!
//! - `rule`: who is to be told of a message. [`take`]: who that is, from what was sent.
//! - [`due`]: what is left to tell when it is time. `payload`: how it is told.
//! - [`worker`]: the loop.

mod due;
mod payload;
mod rule;
mod take;
mod worker;

pub use worker::{Notices, Setup};
