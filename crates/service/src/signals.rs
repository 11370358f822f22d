//! The signals that stop the process.

use anyhow::{Context as _, Result};
use embedded_servers::process;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The exit code of an interrupted process, as in a shell.
const FORCED_EXIT_CODE: i32 = 130;

/// Returns a token that the first SIGTERM or SIGINT cancels. A second signal exits the process
/// immediately. That is safe: the log survives a crash, and the embedded servers end with their
/// parent.
pub fn cancel_on_signal() -> Result<CancellationToken> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        wait_for_signal(&mut terminate, &mut interrupt).await;
        tracing::info!("stopping; a second signal stops immediately");
        token.cancel();
        wait_for_signal(&mut terminate, &mut interrupt).await;
        tracing::warn!("stopped immediately");
        std::process::exit(FORCED_EXIT_CODE);
    });
    Ok(stop)
}

async fn wait_for_signal(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// A file that is larger than the operating system allows this process (`ulimit -f`) is an error of
/// its upload, and must not end the process.
pub(super) fn handle_file_size_limit() {
    let kind = SignalKind::from_raw(process::FILE_SIZE_SIGNAL);
    if let Err(error) = signal(kind) {
        tracing::warn!(%error, "the signal of the file size limit cannot be handled");
    }
}
