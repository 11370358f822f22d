//! Executes the acknowledgements of live connections as commands.

use command_svc::{CommandState, acknowledge_for};
use domain::history::CursorReference;
use futures::future::BoxFuture;
use http_edge::{Caller, Problem};
use query_api::live::Acks;

/// An implementation of [`Acks`] that appends acknowledgements through the command service.
pub struct CommandAcks(pub CommandState);

impl Acks for CommandAcks {
    fn acknowledge(
        &self,
        caller: Caller,
        device: String,
        cursor: CursorReference,
    ) -> BoxFuture<'_, Result<(), Problem>> {
        Box::pin(async move {
            acknowledge_for(&self.0, &caller, device, cursor).await?;
            Ok(())
        })
    }
}
