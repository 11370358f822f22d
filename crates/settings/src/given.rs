//! The settings that were given to this process, for its backup.

use clap::CommandFactory as _;
use clap::parser::ValueSource;

use super::cli::Cli;

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
