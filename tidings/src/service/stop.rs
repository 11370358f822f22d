//! The signals that end a process.

use anyhow::{Context as _, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What a shell shows of a process that was interrupted.
const FORCED: i32 = 130;

/// Cancelled by the first SIGTERM or SIGINT. The second one ends the process where it stands: the
/// log bears that, and the servers end with their parent.
pub fn on_signal() -> Result<CancellationToken> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let stop = CancellationToken::new();
    let told = stop.clone();
    tokio::spawn(async move {
        either(&mut terminate, &mut interrupt).await;
        tracing::info!("stopping; a second signal stops at once");
        told.cancel();
        either(&mut terminate, &mut interrupt).await;
        tracing::warn!("stopped at once");
        std::process::exit(FORCED);
    });
    Ok(stop)
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
