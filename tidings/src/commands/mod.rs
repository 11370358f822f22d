//! The subcommands, one module each. Each prints only its result to standard output.

pub mod account;
mod admin;
mod admin_call;
pub mod analytics;
pub mod backup;
pub mod cases;
mod comparison;
pub mod completions;
mod confirmation;
pub mod demo;
pub mod doctor;
pub mod erase;
mod exit_code;
pub mod explain;
pub mod export_user;
pub mod import;
pub mod log;
pub mod migrate;
pub mod moderation;
pub mod psql;
pub mod rebuild;
mod recorded_export;
pub mod restore;
pub mod search;
pub mod serve;
pub mod servers;
mod servers_env;
pub mod servers_run;
pub mod status;
pub mod switch;
pub mod token;
pub mod trace;
pub mod up;
pub mod user;
pub mod verify;
pub mod webhooks;

use anyhow::Result;
use settings::{Cli, CliCommand, Services};

/// Runs the command of the invocation.
pub async fn run(cli: Cli) -> Result<()> {
    let config = &cli.config;
    match cli.command {
        CliCommand::Up(args) => up::run(config, &args).await,
        CliCommand::Demo(args) => demo::run(config, &args).await,
        CliCommand::CommandSvc => serve::run(config, Services::COMMANDS).await,
        CliCommand::Projector => serve::run(config, Services::PROJECTOR).await,
        CliCommand::QueryApi => serve::run(config, Services::QUERIES).await,
        CliCommand::Dispatcher => serve::run(config, Services::DISPATCHER).await,
        CliCommand::Migrate => migrate::run(config).await,
        CliCommand::Token(args) => token::run(config, &args),
        CliCommand::Account(command) => account::run(config, command).await,
        CliCommand::Doctor(args) => doctor::run(config, &args).await,
        CliCommand::Status(args) => status::run(config, &args).await,
        CliCommand::Import(args) => import::run(config, &args).await,
        CliCommand::Erase(command) => erase::run(config, command).await,
        CliCommand::ExportUser(args) => export_user::run(config, &args).await,
        CliCommand::Backup(args) => backup::run(config, &args).await,
        CliCommand::Restore(args) => restore::run(config, &args).await,
        CliCommand::Rebuild(args) => rebuild::run(config, &args).await,
        CliCommand::Verify(args) => verify::run(config, &args).await,
        CliCommand::Psql(args) => psql::run(config, &args).await,
        CliCommand::Analytics(command) => analytics::run(config, command).await,
        CliCommand::Search(args) => search::run(config, &args).await,
        CliCommand::Trace(args) => trace::run(config, &args).await,
        CliCommand::Explain(args) => explain::run(config, &args).await,
        CliCommand::Log(command) => log::run(config, command).await,
        CliCommand::Webhooks(command) => webhooks::run(config, command).await,
        CliCommand::User(command) => user::run(config, command).await,
        CliCommand::Switch(command) => switch::run(config, command).await,
        CliCommand::Moderation(command) => moderation::run(config, command).await,
        CliCommand::Servers(command) => servers::run(config, command).await,
        CliCommand::Completions(args) => completions::print_completions(&args),
        CliCommand::Man(args) => completions::print_manual(&args),
    }
}
