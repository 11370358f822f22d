//! Where an acknowledgement goes that came over a live connection: it is a command, and commands are
//! somebody else's. Whoever puts the services together says whose.

use std::time::Duration;

use futures::future::BoxFuture;
use http_edge::Problem;

/// Takes acknowledgements, as `POST /v1/inbox/ack` does.
pub trait Acks: Send + Sync {
    /// Notes that a device of a user has everything up to a cursor. An error says why not.
    fn acknowledge(
        &self,
        user: String,
        device: String,
        cursor: i64,
    ) -> BoxFuture<'_, Result<(), Problem>>;
}

/// Takes none: for a service that cannot append.
#[derive(Debug, Clone, Copy)]
pub struct NoAcks;

impl Acks for NoAcks {
    fn acknowledge(&self, _: String, _: String, _: i64) -> BoxFuture<'_, Result<(), Problem>> {
        let problem = Problem::unavailable(
            "unavailable",
            "This service takes no acknowledgements.",
            Duration::from_secs(60),
        );
        Box::pin(async { Err(problem) })
    }
}
