//! The loop of a webhook's worker, for events and notifications alike.

use tokio_util::sync::CancellationToken;

use crate::error::DeliveryError;
use crate::ledger::DeliveryLedger;

/// A worker that delivers for one webhook.
pub trait WebhookWorker {
    /// Starts the deliveries that can start, and waits for the next event.
    fn step(&mut self) -> impl Future<Output = Result<(), DeliveryError>> + Send;

    /// Stores the progress.
    fn flush(&mut self) -> impl Future<Output = Result<(), DeliveryError>> + Send;

    /// Returns the ledger, to release its lease.
    fn into_ledger(self) -> DeliveryLedger;
}

/// Runs a worker until the stop signal or an error. The next worker sends deliveries that were in
/// flight again.
pub async fn run<W: WebhookWorker>(
    mut worker: W,
    shutdown: &CancellationToken,
) -> Result<(), DeliveryError> {
    let result = run_until_stopped(&mut worker, shutdown).await;
    worker.into_ledger().close().await;
    result
}

async fn run_until_stopped<W: WebhookWorker>(
    worker: &mut W,
    shutdown: &CancellationToken,
) -> Result<(), DeliveryError> {
    while !shutdown.is_cancelled() {
        tokio::select! {
            stepped = worker.step() => stepped?,
            () = shutdown.cancelled() => break,
        }
    }
    worker.flush().await
}
