//! Options of `tidings backup` and `tidings restore`, and the settings that a backup contains.

use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{Args, CommandFactory as _};

use super::cli::Cli;

/// The options of `tidings backup`.
#[derive(Debug, Clone, Args)]
pub struct BackupArgs {
    /// Directory of the backup: a new one, or an empty one.
    pub dir: PathBuf,
    /// Back up the database only, without keys and settings.
    #[arg(long)]
    pub database_only: bool,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// The options of `tidings restore`.
#[derive(Debug, Clone, Args)]
pub struct RestoreArgs {
    /// Directory of the backup.
    pub dir: PathBuf,
    /// Restore the database only, without keys.
    #[arg(long)]
    pub database_only: bool,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// The settings that were given to this process by a flag or a variable, as variables with values.
/// Contains secrets.
pub fn given_settings() -> Vec<(String, String)> {
    let command = Cli::command();
    let Ok(matches) = command.clone().try_get_matches_from(std::env::args_os()) else {
        return Vec::new();
    };
    let setting = |argument: &clap::Arg| {
        let name = argument.get_env()?.to_str()?.to_owned();
        let id = argument.get_id().as_str();
        let source = matches.value_source(id)?;
        if !matches!(source, ValueSource::CommandLine | ValueSource::EnvVariable) {
            return None;
        }
        let values: Vec<_> = matches
            .get_raw(id)?
            .map(|value| value.to_string_lossy())
            .collect();
        Some((name, values.join(",")))
    };
    command.get_arguments().filter_map(setting).collect()
}
