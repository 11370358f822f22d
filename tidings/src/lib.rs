//! The `tidings` program. The crate `settings` has its command line, and `service` assembles and
//! runs the services.
//!
//! - [`logging`]: logs to standard error.
//! - [`commands`]: the subcommands, one module each: they call a library and print its result.
//!   [`output`], [`progress`]: standard output, and progress bars.

#![deny(missing_docs)]

pub mod commands;
pub mod logging;
pub mod output;
pub mod progress;

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};
use data_dir::UsageError;
use importer::{SkippedRecordsError, UnsupportedInputError};

/// The entry point of the program: parses the command line, runs the command and reports an error.
pub fn main() -> ExitCode {
    // A child that makes previews reads bytes that anybody may have sent: it gets no settings.
    if std::env::args_os().nth(1).as_deref() == Some(OsStr::new(file_store::RENDER_COMMAND)) {
        return file_store::render_previews();
    }
    let outcome = settings::load_file()
        .map_err(anyhow::Error::from)
        .and_then(|()| parse_and_run());
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if output::is_closed(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tidings: {error:#}");
            ExitCode::from(exit_code(&error))
        }
    }
}

fn parse_and_run() -> anyhow::Result<()> {
    let mut command = settings::arrange_help(settings::Cli::command());
    let words: Vec<OsString> = std::env::args_os().collect();
    let matches = command
        .try_get_matches_from_mut(&words)
        .unwrap_or_else(|error| settings::explain_usage(error, &command, &words).exit());
    let cli = settings::Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    logging::init(&cli.config)?;
    for warning in settings::unknown_variables() {
        tracing::warn!("{warning}");
    }
    cli.config.check_addresses()?;
    run(cli)
}

/// 2 for wrong usage, 3 for a result that is incomplete or not trusted, 1 for a failure.
/// docs/operations.md has the table.
fn exit_code(error: &anyhow::Error) -> u8 {
    if error.is::<UsageError>() {
        2
    } else if error.is::<UnsupportedInputError>()
        || error.is::<SkippedRecordsError>()
        || error.is::<commands::log::UntrustedSealsError>()
    {
        3
    } else {
        1
    }
}

fn run(cli: settings::Cli) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(commands::run(cli));
    // Do not wait for tasks that are still running: a forced stop must take effect immediately.
    runtime.shutdown_background();
    outcome
}
