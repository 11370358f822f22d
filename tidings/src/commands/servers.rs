//! `tidings servers fetch|path|doctor`: the programs of the private servers.

use anyhow::{Context as _, Result, anyhow, bail};

use super::up::options;
use super::with_servers;
use crate::config::{Config, ServersCommand};
use crate::servers::Options;
use crate::servers::account::Account;
use crate::servers::fetch;
use crate::servers::find::{self, Program, Wanted};

/// Does it; what looks at files and programs, on a thread that may block.
pub async fn run(config: &Config, command: ServersCommand) -> Result<()> {
    let options = options(config);
    let look: fn(&Options) -> Result<()> = match command {
        ServersCommand::Fetch => fetch,
        ServersCommand::Path => path,
        ServersCommand::Doctor => doctor,
        ServersCommand::Run { command } => return with_servers::run(config, &command).await,
    };
    tokio::task::spawn_blocking(move || look(&options))
        .await
        .context("looking for the servers has panicked")?
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
    wanted: Wanted,
    named: Option<&std::path::Path>,
) -> Result<Program, find::Unfit> {
    let account = Account::to_become(&options.data.join("servers"));
    find::find(wanted, named, account.as_ref())
}

fn path(options: &Options) -> Result<()> {
    for (wanted, named) in wanted(options) {
        match look(options, wanted, named) {
            Ok(program) => println!("{}", program.path.display()),
            Err(_) => bail!(
                "no {} is here; `tidings servers doctor` says more",
                wanted.name()
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
        Ok(dir) => println!("fetched ones in {}", dir.display()),
        Err(error) => println!("fetched ones in nowhere: {error}"),
    }
    let mut missing = Vec::new();
    for (wanted, named) in wanted(options) {
        match look(options, wanted, named) {
            Ok(program) => {
                println!(
                    "{:<15} {} ({}) in {}",
                    wanted.name(),
                    program.version,
                    program.origin,
                    program.path.display()
                );
            }
            Err(unfit) => {
                println!("{:<15} none", wanted.name());
                unfit
                    .0
                    .iter()
                    .for_each(|line| println!("                {line}"));
                missing.push(wanted.name());
            }
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    bail!(
        "no {} that can be used; `tidings servers fetch` gets one",
        missing.join(" and no ")
    )
}
