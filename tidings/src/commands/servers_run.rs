//! `tidings servers run -- COMMAND`: runs a command together with embedded servers, which stop when
//! the command ends.

use std::ffi::OsString;
use std::process::ExitStatus;

use anyhow::{Context as _, Result, anyhow};
use embedded_servers::ServerOptions;
use embedded_servers::process::{self, Signal};
use service::signals;
use settings::SystemConfig;
use tokio::process::{Child, Command};

use super::exit_code;

/// Runs the command, and exits this process with the exit code of the command.
pub async fn run(config: &SystemConfig, command: &[OsString]) -> Result<()> {
    let stop = signals::cancel_on_signal()?;
    // Arbitrary programs must be able to connect with the address alone.
    let options = ServerOptions {
        nats_password: false,
        ..config.server_options()
    };
    let servers = tokio::task::spawn_blocking(move || embedded_servers::start(&options))
        .await
        .context("the thread that starts the servers panicked")?
        .map_err(|error| anyhow!(error))?;
    let (program, arguments) = command.split_first().context("no command was given")?;
    let mut child = Command::new(program)
        .args(arguments)
        .env("DATABASE_URL", &servers.database_url)
        .env("NATS_URL", &servers.nats_url)
        .spawn()
        .with_context(|| format!("cannot run {}", program.display()))?;
    let status = tokio::select! {
        status = child.wait() => status,
        () = stop.cancelled() => terminate(&mut child).await,
    };
    tokio::task::spawn_blocking(|| servers.stop())
        .await
        .context("the thread that stops the servers panicked")?;
    std::process::exit(exit_code::from_status(
        status.context("cannot wait for the command")?,
    ))
}

/// Sends SIGTERM to the command and waits until it ends. A terminal has already sent it a signal;
/// the second one is harmless.
async fn terminate(child: &mut Child) -> std::io::Result<ExitStatus> {
    if let Some(pid) = child.id() {
        process::send_signal(pid, Signal::Terminate)?;
    }
    child.wait().await
}
