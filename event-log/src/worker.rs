//! The loop of a worker that looks again and again whether there is something to do.

use std::fmt::Display;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// Something that works a step at a time.
pub(crate) trait Worker {
    /// Why a step was not done. It is tried again.
    type Error: Display + Send;

    /// Does what is due. Answers whether it did something: then there may be more.
    fn step(&mut self) -> impl Future<Output = Result<bool, Self::Error>> + Send;
}

/// Steps until the stop signal, looking every so often while there is nothing to do. `trouble` is what is said of
/// an error.
pub(crate) async fn run(
    mut worker: impl Worker,
    look_every: Duration,
    trouble: &'static str,
    shutdown: CancellationToken,
) {
    loop {
        match shutdown.run_until_cancelled(worker.step()).await {
            None => return,
            Some(Ok(true)) => continue,
            Some(Ok(false)) => {}
            Some(Err(error)) => tracing::warn!(%error, "{trouble}"),
        }
        if shutdown
            .run_until_cancelled(sleep(look_every))
            .await
            .is_none()
        {
            return;
        }
    }
}
