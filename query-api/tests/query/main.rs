//! The queries against a real Postgres, with read tables filled from a [`ledger`]: a small model of
//! what happened that knows by brute force what everybody may see.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod conversations;
mod dice;
mod events;
mod failures;
mod history;
mod inbox;
mod ledger;
mod messages;
mod model;
mod openapi;
mod parameters;
mod store;
mod sync;
mod unread;
mod visibility;
mod waiting;
mod world;
