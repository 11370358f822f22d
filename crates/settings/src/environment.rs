//! The environment: the file `.env`, and variables that look like settings and are none.

use std::path::Path;

use clap::{Command, CommandFactory as _};
use data_dir::{AUTH_SECRET_VARIABLE, UsageError};

use super::cli::Cli;

/// The file whose variables are read at the start, from the directory in which a command runs.
/// Variables that are set already take precedence.
const FILE: &str = ".env";

/// Every setting of Tidings but the addresses of the servers begins with this.
const PREFIX: &str = "TIDINGS_";

/// How the names of variables go on that other programs read: the tests and benchmarks of this one,
/// and the examples of the client libraries.
const FOREIGN_NAMES: [&str; 4] = ["TEST_", "BIN", "URL", "TOKEN"];

/// Two names that are less alike than this are not confused.
const MIN_SIMILARITY: f64 = 0.85;

/// Reads `.env`. Call it before anything else: it changes the environment of this process.
pub fn load_file() -> Result<(), UsageError> {
    if !Path::new(FILE).exists() {
        return Ok(());
    }
    dotenvy::from_filename(FILE)
        .map(|_| ())
        .map_err(|error| UsageError(format!("{FILE} in this directory: {error}")))
}

/// A sentence for each variable that begins like a setting and is none.
pub fn unknown_variables() -> Vec<String> {
    let mut known = Vec::new();
    collect_variables(&Cli::command(), &mut known);
    known.push(AUTH_SECRET_VARIABLE.to_owned());
    let given = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let mut warnings: Vec<String> = given
        .filter(|name| is_unknown(name, &known))
        .map(|name| describe_unknown(&name, &known))
        .collect();
    warnings.sort();
    warnings
}

fn collect_variables(command: &Command, variables: &mut Vec<String>) {
    let arguments = command.get_arguments();
    let names = arguments.filter_map(|argument| argument.get_env()?.to_str());
    variables.extend(names.map(ToOwned::to_owned));
    for subcommand in command.get_subcommands() {
        collect_variables(subcommand, variables);
    }
}

fn is_unknown(name: &str, known: &[String]) -> bool {
    let Some(rest) = name.strip_prefix(PREFIX) else {
        return false;
    };
    !FOREIGN_NAMES
        .iter()
        .any(|foreign| rest.starts_with(foreign))
        && !known.iter().any(|known| known == name)
}

fn describe_unknown(name: &str, known: &[String]) -> String {
    let similarity = |other: &String| strsim::jaro_winkler(name, other);
    let nearest = known
        .iter()
        .max_by(|one, other| similarity(one).total_cmp(&similarity(other)));
    match nearest.filter(|nearest| similarity(nearest) >= MIN_SIMILARITY) {
        Some(nearest) => format!("{name} is not a setting; did you mean {nearest}?"),
        None => format!("{name} is not a setting"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_variable_is_named_with_the_nearest_setting() {
        let mut known = Vec::new();
        collect_variables(&Cli::command(), &mut known);
        assert!(is_unknown("TIDINGS_RATELIMIT", &known));
        assert!(!is_unknown("TIDINGS_RATE_LIMIT", &known));
        assert!(!is_unknown("TIDINGS_TEST_DATABASE_URL", &known));
        assert!(!is_unknown("TIDINGS_URL", &known));
        assert!(!is_unknown("PATH", &known));
        assert_eq!(
            describe_unknown("TIDINGS_RATELIMIT", &known),
            "TIDINGS_RATELIMIT is not a setting; did you mean TIDINGS_RATE_LIMIT?"
        );
        assert_eq!(
            describe_unknown("TIDINGS_XYZ", &["TIDINGS_RATE_LIMIT".to_owned()]),
            "TIDINGS_XYZ is not a setting"
        );
    }
}
