//! Online presence across all gateways, which exchange messages over core NATS.
//! Nothing is persisted. A lost message is made up for by the next snapshot or heartbeat.
//!
//! In the order in which data passes through:
//!
//! - [`GatewayBus`]: sends and receives messages between gateways.
//! - [`GatewayMessage`], [`GatewayPayload`]: the messages that gateways exchange.
//! - [`Presence`]: what one gateway knows about who is online. Pure.

#![deny(missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a failing test panics"))]

mod state;
mod wire;
mod word;

pub use state::{Change, GONE_AFTER, GRACE, HEARTBEAT, Presence};
pub use wire::Wire;
pub use word::{Said, Word, everybody};
