//! The subcommands, one module each. Each prints only its result to standard output.

mod admin;
pub mod erase;
mod event_types;
pub mod export_user;
pub mod import;
pub mod log;
pub mod migrate;
mod progress;
pub mod rebuild;
pub mod search;
pub mod serve;
pub mod servers;
pub mod status;
pub mod token;
pub mod up;
pub mod webhooks;
pub mod with_servers;

use anyhow::Result;

use crate::config::{Cli, Command};
use crate::service::roles::Roles;

/// Runs the command of the invocation.
pub async fn run(cli: Cli) -> Result<()> {
    let config = &cli.config;
    match cli.command {
        Command::Up(args) => up::run(config, &args).await,
        Command::CommandSvc => serve::run(config, Roles::COMMANDS).await,
        Command::Projector => serve::run(config, Roles::PROJECTOR).await,
        Command::QueryApi => serve::run(config, Roles::QUERIES).await,
        Command::Dispatcher => serve::run(config, Roles::DISPATCHER).await,
        Command::Migrate => migrate::run(config).await,
        Command::Token(args) => token::run(config, &args),
        Command::Status(args) => status::run(config, &args).await,
        Command::Import(args) => import::run(config, &args).await,
        Command::Erase(command) => erase::run(config, command).await,
        Command::ExportUser(args) => export_user::run(config, &args).await,
        Command::Rebuild(args) => rebuild::run(config, &args).await,
        Command::Verify(args) => rebuild::verify(config, &args).await,
        Command::Search(args) => search::run(config, &args).await,
        Command::Log(command) => log::run(config, command).await,
        Command::Webhooks(command) => webhooks::run(config, command).await,
        Command::Servers(command) => servers::run(config, command).await,
    }
}
