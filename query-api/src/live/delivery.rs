//! What the hub delivers to a connection.

use std::sync::Arc;

use super::delivery_spans::TracedPositions;
use super::frame::ServerFrame;

/// An item in the queue of a connection.
#[derive(Debug, Clone)]
pub enum LiveDelivery {
    /// From now on everything after this position is delivered, as long as the queue is open.
    Subscribed(i64),
    /// All entries up to this position, and which of them belong to traced requests.
    Entries(i64, Arc<Vec<ServerFrame>>, Option<TracedPositions>),
    /// A presence or typing frame.
    Ephemeral(ServerFrame),
}
