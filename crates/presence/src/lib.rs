//! Online presence across all gateways, which exchange messages over core NATS.
//! Nothing is persisted here. A lost message is made up for by the next snapshot or heartbeat.
//!
//! In the order in which data passes through:
//!
//! - [`GatewayBus`]: sends and receives messages between gateways.
//! - [`GatewayMessage`], [`GatewayPayload`]: the messages that gateways exchange.
//! - [`device_name`]: the name under which gateways share that a device is online.
//! - [`Presence`]: what one gateway knows about who is online. Pure.

#![deny(missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a failing test panics"))]

mod bus;
mod device_name;
mod message;
mod state;

pub use bus::GatewayBus;
pub use device_name::{device_name, is_device_name};
pub use message::{GatewayMessage, GatewayPayload, build_snapshot};
pub use state::{
    GATEWAY_TIMEOUT, HEARTBEAT_INTERVAL, OFFLINE_GRACE_PERIOD, Presence, PresenceChange,
};
