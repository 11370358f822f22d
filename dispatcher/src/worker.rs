//! The loop of a webhook's worker, for events and notifications alike.

use tokio_util::sync::CancellationToken;

use crate::failed::Failed;
use crate::ledger::Ledger;

/// A worker that delivers for one webhook.
pub trait Worker {
    /// Starts the deliveries that can start, and waits for the next event.
    fn step(&mut self) -> impl Future<Output = Result<(), Failed>> + Send;

    /// Stores the progress.
    fn write_down(&mut self) -> impl Future<Output = Result<(), Failed>> + Send;

    /// Returns the ledger, to release its lease.
    fn into_ledger(self) -> Ledger;
}

/// Runs a worker until the stop signal or an error. The next worker sends deliveries that were in
/// flight again.
pub async fn run<W: Worker>(mut worker: W, shutdown: &CancellationToken) -> Result<(), Failed> {
    let result = run_to_end(&mut worker, shutdown).await;
    worker.into_ledger().close().await;
    result
}

async fn run_to_end<W: Worker>(worker: &mut W, shutdown: &CancellationToken) -> Result<(), Failed> {
    while !shutdown.is_cancelled() {
        tokio::select! {
            stepped = worker.step() => stepped?,
            () = shutdown.cancelled() => break,
        }
    }
    worker.write_down().await
}
