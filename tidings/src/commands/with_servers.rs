//! `tidings servers run -- COMMAND`: a command with private servers beside it, for as long as it
//! runs.

use std::ffi::OsString;
use std::process::ExitStatus;

use anyhow::{Context as _, Result, anyhow};
use tokio::process::{Child, Command};

use super::up::options;
use crate::config::Config;
use crate::servers::process::{self, Signal};
use crate::servers::{self, Options};
use crate::service::stop;

/// What a shell answers when it cannot tell how a command ended.
const ENDED_BY_SIGNAL: i32 = 128;

/// Runs it, and ends this process with its exit code.
pub async fn run(config: &Config, command: &[OsString]) -> Result<()> {
    let stop = stop::on_signal()?;
    // Programs of all kinds are to find their way by the address alone.
    let options = Options {
        nats_password: false,
        ..options(config)
    };
    let servers = tokio::task::spawn_blocking(move || servers::start(&options))
        .await
        .context("starting the servers has panicked")?
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
        () = stop.cancelled() => stopped(&mut child).await,
    };
    tokio::task::spawn_blocking(|| servers.stop())
        .await
        .context("stopping the servers has panicked")?;
    std::process::exit(code(status.context("cannot wait for the command")?))
}

/// Tells the command to stop as well. From a terminal it has been told already, which is harmless.
async fn stopped(child: &mut Child) -> std::io::Result<ExitStatus> {
    if let Some(pid) = child.id() {
        process::send(pid, Signal::Terminate)?;
    }
    child.wait().await
}

fn code(status: ExitStatus) -> i32 {
    status.code().unwrap_or(ENDED_BY_SIGNAL)
}
