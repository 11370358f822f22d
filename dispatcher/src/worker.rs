//! The loop of a webhook's worker, for events and notifications alike.

use std::time::Duration;

use connectivity::OutageLog;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::error::DeliveryError;
use crate::ledger::DeliveryLedger;

/// How long a step may take. It wakes up several times a second, unless Postgres does not answer.
const STEP_TIMEOUT: Duration = Duration::from_secs(30);

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
    outages: &OutageLog,
    shutdown: &CancellationToken,
) -> Result<(), DeliveryError> {
    let result = run_until_stopped(&mut worker, outages, shutdown).await;
    worker.into_ledger().close().await;
    result
}

async fn run_until_stopped<W: WebhookWorker>(
    worker: &mut W,
    outages: &OutageLog,
    shutdown: &CancellationToken,
) -> Result<(), DeliveryError> {
    while !shutdown.is_cancelled() {
        tokio::select! {
            stepped = timeout(STEP_TIMEOUT, worker.step()) => match stepped {
                Ok(stepped) => {
                    stepped?;
                    outages.record_success();
                }
                Err(_) => return Err(sqlx::Error::PoolTimedOut.into()),
            },
            () = shutdown.cancelled() => break,
        }
    }
    worker.flush().await
}
