//! `tidings servers fetch|path|doctor`: manage the programs of the embedded servers.

use anyhow::{Context as _, Result, anyhow, bail};

use super::up::options;
use super::with_servers;
use crate::config::{Config, ServersCommand};
use crate::servers::Options;
use crate::servers::account::Account;
use crate::servers::fetch;
use crate::servers::find::{self, Program, Wanted};

/// Runs the subcommand. Those that read files and run programs use a blocking thread.
pub async fn run(config: &Config, command: ServersCommand) -> Result<()> {
    let options = options(config);
    let action: fn(&Options) -> Result<()> = match command {
        ServersCommand::Fetch => fetch,
        ServersCommand::Path => path,
        ServersCommand::Doctor => doctor,
        ServersCommand::Run { command } => return with_servers::run(config, &command).await,
    };
    tokio::task::spawn_blocking(move || action(&options))
        .await
        .context("the thread that looks for the servers panicked")?
}

fn fetch(_: &Options) -> Result<()> {
    let dir = fetch::fetch().map_err(|error| anyhow!(error))?;
    println!("{}", dir.display());
    Ok(())
}

fn wanted(options: &Options) -> [(Wanted, Option<&std::path::Path>); 2] {
    let major = crate::servers::postgres_major_of(&options.data);
    [
        (Wanted::Postgres(major), options.pg_bin.as_deref()),
        (Wanted::Nats, options.nats_bin.as_deref()),
    ]
}

fn look(
    options: &Options,
    requirement: Wanted,
    configured: Option<&std::path::Path>,
) -> Result<Program, find::Unfit> {
    let account = Account::to_become(&options.data.join("servers"));
    find::find(requirement, configured, account.as_ref())
}

fn path(options: &Options) -> Result<()> {
    for (requirement, configured) in wanted(options) {
        match look(options, requirement, configured) {
            Ok(program) => println!("{}", program.path.display()),
            Err(_) => bail!(
                "no usable {} was found; see `tidings servers doctor`",
                requirement.name()
            ),
        }
    }
    Ok(())
}

fn doctor(options: &Options) -> Result<()> {
    let account = Account::to_become(&options.data.join("servers"));
    println!(
        "servers run as  {}",
        account.map_or_else(|| "this user".to_owned(), |account| account.name)
    );
    match fetch::cache_dir() {
        Ok(dir) => println!("fetched into    {}", dir.display()),
        Err(error) => println!("fetched into    nowhere: {error}"),
    }
    let mut missing = Vec::new();
    for (requirement, configured) in wanted(options) {
        match look(options, requirement, configured) {
            Ok(program) => {
                println!(
                    "{:<15} {} ({}) in {}",
                    requirement.name(),
                    program.version,
                    program.origin,
                    program.path.display()
                );
            }
            Err(error) => {
                println!("{:<15} none", requirement.name());
                error
                    .0
                    .iter()
                    .for_each(|line| println!("                {line}"));
                missing.push(requirement.name());
            }
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    bail!(
        "no usable {} was found; run `tidings servers fetch`",
        missing.join(" and no ")
    )
}
