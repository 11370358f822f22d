//! `tidings servers fetch|path|doctor|env`: manage the programs of the embedded servers.

use anyhow::{Context as _, Result, anyhow, bail};
use embedded_servers::{ProgramReport, ServerOptions, fetch, locate_programs};
use settings::{ServersCommand, SystemConfig};

use super::{servers_env, servers_run};
use crate::output::{out, outln};

/// Runs the subcommand. Those that read files and run programs use a blocking thread.
pub async fn run(config: &SystemConfig, command: ServersCommand) -> Result<()> {
    let options = config.server_options();
    let action: fn(&ServerOptions) -> Result<()> = match command {
        ServersCommand::Fetch => fetch,
        ServersCommand::Path => print_paths,
        ServersCommand::Doctor => diagnose,
        ServersCommand::Env { command } => return servers_env::run(config, &command),
        ServersCommand::Run { command } => return servers_run::run(config, &command).await,
    };
    tokio::task::spawn_blocking(move || action(&options))
        .await
        .context("the thread that looks for the servers panicked")?
}

fn fetch(_: &ServerOptions) -> Result<()> {
    let dir = fetch::fetch_servers().map_err(|error| anyhow!(error))?;
    outln!("{}", dir.display())?;
    Ok(())
}

fn print_paths(options: &ServerOptions) -> Result<()> {
    for (requirement, found) in locate_programs(options) {
        match found {
            Ok(program) => outln!("{}", program.path.display())?,
            Err(_) => bail!(
                "no usable {} was found; see `tidings servers doctor`",
                requirement.name()
            ),
        }
    }
    Ok(())
}

fn diagnose(options: &ServerOptions) -> Result<()> {
    let report = ProgramReport::collect(options);
    out!("{}", report.text)?;
    if report.missing.is_empty() {
        return Ok(());
    }
    bail!(
        "no usable {} was found; run `tidings servers fetch`",
        report.missing.join(" and no ")
    )
}
