//! The loop of a webhook's worker, whatever it delivers.

use tokio_util::sync::CancellationToken;

use crate::failed::Failed;
use crate::ledger::Ledger;

/// Delivers what one webhook is for.
pub trait Worker {
    /// Starts what can be started, and waits for the next thing that happens.
    fn step(&mut self) -> impl Future<Output = Result<(), Failed>> + Send;

    /// Writes down what was done.
    fn write_down(&mut self) -> impl Future<Output = Result<(), Failed>> + Send;

    /// Where it is written down.
    fn into_ledger(self) -> Ledger;
}

/// Until the stop signal, or until something is wrong. What is under way then is sent again by whoever comes
/// next.
pub async fn run<W: Worker>(mut worker: W, shutdown: &CancellationToken) -> Result<(), Failed> {
    let ended = run_to_end(&mut worker, shutdown).await;
    worker.into_ledger().close().await;
    ended
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
