//! The loop of a background worker that polls for work.

use std::fmt::Display;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// A worker that does its work in steps.
pub(crate) trait PollingWorker {
    /// Why a step failed. The step is retried.
    type Error: Display + Send;

    /// Does the work that is due. Returns whether there was any; then there may be more.
    fn step(&mut self) -> impl Future<Output = Result<bool, Self::Error>> + Send;
}

/// Runs a worker until the stop signal, polling every `poll_interval` while there is nothing to do.
/// Errors are logged with `error_message`.
pub(crate) async fn run(
    mut worker: impl PollingWorker,
    poll_interval: Duration,
    error_message: &'static str,
    shutdown: CancellationToken,
) {
    loop {
        match shutdown.run_until_cancelled(worker.step()).await {
            None => return,
            Some(Ok(true)) => continue,
            Some(Ok(false)) => {}
            Some(Err(error)) => tracing::warn!(%error, "{error_message}"),
        }
        if shutdown
            .run_until_cancelled(sleep(poll_interval))
            .await
            .is_none()
        {
            return;
        }
    }
}
