//! Tells the world outside: webhooks, as the Standard Webhooks convention has them.
//!
//! In the order that data meets it:
//!
//! - [`webhook`]: where to deliver and what, as operators say. [`secret`]: what deliveries are signed with.
//! - [`address`]: where nothing is delivered. [`Sender`]: one try.
//! - [`run`]: a worker for each webhook; `worker`: its loop. `lease`: only one dispatcher works on it. `ledger`: how far it is.
//! - `feed`: the log, from JetStream or from Postgres.
//! - `events`: any event as a webhook, in order. `lanes`: in which order, purely; `backoff`, `pace`: when
//!   to try again, and how much at once.
//! - [`seals`]: copies of the log's seals, to one address.
//! - `online`: who is online. `notices`: who is offline and has something unread.
//!
//! Nothing is delivered less than once. What a worker has not written down when it ends is delivered again,
//! under the same id.

#![deny(missing_docs)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "a test that cannot go on fails")
)]

pub mod address;
mod backoff;
mod events;
mod failed;
mod feed;
mod lanes;
mod lease;
mod ledger;
mod notices;
mod online;
mod pace;
pub mod seals;
pub mod secret;
mod sender;
mod supervisor;
pub mod webhook;
mod worker;

pub use backoff::TRIES;
pub use sender::Sender;
pub use supervisor::{Config, run};

use domain::time::Timestamp;
use time::OffsetDateTime;

fn now() -> Timestamp {
    OffsetDateTime::now_utc().into()
}
