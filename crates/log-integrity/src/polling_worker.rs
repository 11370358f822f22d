//! The loop of a background worker that polls for work.

use std::fmt::Display;
use std::time::Duration;

use connectivity::OutageLog;
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
/// Failures are logged once for an outage; `subject` names the work.
pub(crate) async fn run(
    mut worker: impl PollingWorker,
    poll_interval: Duration,
    subject: &'static str,
    shutdown: CancellationToken,
) {
    let outages = OutageLog::new(subject);
    loop {
        let Some(outcome) = shutdown.run_until_cancelled(worker.step()).await else {
            return;
        };
        if let Ok(true) = outages.record(outcome) {
            continue;
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
