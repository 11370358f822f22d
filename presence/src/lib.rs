//! Who is online, over all gateways: what they tell each other over core NATS, and what follows from it.
//! Nothing of this is kept anywhere; what is lost is made good by what is said next.
//!
//! - [`Presence`]: what one process knows. Pure.
//! - [`Word`], [`Said`]: what gateways tell each other.
//! - [`Wire`]: the way between them.

#![deny(missing_docs)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "a test that cannot go on fails")
)]

mod state;
mod wire;
mod word;

pub use state::{Change, GONE_AFTER, GRACE, HEARTBEAT, Presence};
pub use wire::Wire;
pub use word::{Said, Word, everybody};
