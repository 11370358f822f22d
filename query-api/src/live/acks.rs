//! Records acknowledgements that arrive over live connections. An acknowledgement is a command,
//! which this crate cannot execute; the program that assembles the services injects an
//! implementation.

use std::time::Duration;

use domain::history::CursorReference;
use futures::future::BoxFuture;
use http_edge::{Caller, Problem};

/// Records acknowledgements, as `POST /v1/inbox/ack` does.
pub trait Acks: Send + Sync {
    /// Records that a device of the user as whom the caller acts has received everything up to a
    /// cursor. Fails with the
    /// problem of the command.
    fn acknowledge(
        &self,
        caller: Caller,
        device: String,
        cursor: CursorReference,
    ) -> BoxFuture<'_, Result<(), Problem>>;
}

/// Rejects every acknowledgement: for a service that cannot append to the log.
#[derive(Debug, Clone, Copy)]
pub struct NoAcks;

impl Acks for NoAcks {
    fn acknowledge(
        &self,
        _: Caller,
        _: String,
        _: CursorReference,
    ) -> BoxFuture<'_, Result<(), Problem>> {
        let problem = Problem::unavailable(
            "unavailable",
            "This service does not accept acknowledgements.",
            Duration::from_secs(60),
        );
        Box::pin(async { Err(problem) })
    }
}
