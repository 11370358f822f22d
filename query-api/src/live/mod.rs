//! Live delivery: pushes the sync feed over a WebSocket or as server-sent events.
//!
//! In the order in which an entry passes through it:
//!
//! - `hub`: one task per process that delivers committed entries to all connected users.
//!   `delivery_query` is its statement, `connections` the list of who is connected, `delivery` what
//!   they receive, `delivery_spans` the last steps of traced requests.
//! - `session`: the entries of one connection: the backlog, then deliveries, and redelivery of
//!   entries that were not acknowledged. `admission` limits the number of connections.
//! - `frame`: the frames in both directions. `websocket`, `sse`: the two transports.
//!   `frame_limits`: how much a client may send.
//! - `acks`: records acknowledgements. `removed_devices`: ends the connections of devices that
//!   users remove.
//! - `presence_service`: exchanges online status and typing notifications between gateways.
//!   `user_presence`: what is reported of one user, and who may know it. `last_seen` keeps when
//!   users were online last.
//! - `desk_counts`: notifies the agents of a desk when the number of its sessions changes.
//! - `state`: what a connection needs of all of these.

mod acks;
mod admission;
mod connections;
mod delivery;
mod delivery_query;
mod delivery_spans;
mod desk_counts;
pub(crate) mod frame;
mod frame_limits;
mod hub;
mod last_seen;
mod presence_service;
mod removed_devices;
pub(crate) mod session;
pub(crate) mod sse;
pub(crate) mod state;
pub(crate) mod user_presence;
pub(crate) mod websocket;

pub use acks::{Acks, NoAcks};
pub(crate) use admission::{Admission, LiveTransport};
pub use admission::{MAX_LIVE_CONNECTIONS, MAX_LIVE_PER_USER};
pub(crate) use desk_counts::{DeskCounts, run as run_desk_counts};
pub(crate) use hub::{Deliverer, Hub, run};
pub(crate) use presence_service::PresenceService;
pub(crate) use removed_devices::end_removed;
