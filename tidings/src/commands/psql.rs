//! `tidings psql`: a session with the database whose role can only read.

use std::ffi::OsString;
use std::io::{self, BufWriter, stdout};
use std::process::ExitStatus;

use anyhow::{Context as _, Result};
use data_dir::{OperatorDatabase, ReaderAccess, with_migrated_database};
use embedded_servers::find_psql;
use log_tools::sql_rows::print_rows;
use settings::{PsqlArgs, RowFormatArg, SystemConfig};

use super::exit_code;
use crate::output::OutputError;

/// Runs the SQL, or psql; then exits this process with the exit code of psql.
pub async fn run(config: &SystemConfig, args: &PsqlArgs) -> Result<()> {
    let status = with_migrated_database(
        config.server_options(),
        async |database: &OperatorDatabase| {
            let access = ReaderAccess::prepare(&database.pool, &database.url).await?;
            match &args.command {
                Some(sql) if !is_for_psql(sql) => run_sql(&access, sql, args).await.map(|()| None),
                _ => run_psql(config, &access, args).await.map(Some),
            }
        },
    );
    match status.await? {
        Some(status) if !status.success() => std::process::exit(exit_code::from_status(status)),
        _ => Ok(()),
    }
}

async fn run_sql(access: &ReaderAccess, sql: &str, args: &PsqlArgs) -> Result<()> {
    let mut session = access.connect().await?;
    let mut out = BufWriter::new(stdout());
    let printed = print_rows(&mut session, sql, args.format.into(), &mut out).await;
    printed.map_err(|error| match error.downcast::<io::Error>() {
        Ok(error) => OutputError::from(error).into(),
        Err(error) => error,
    })
}

/// Whether this is a command that only the program psql understands, such as `\d`.
fn is_for_psql(command: &str) -> bool {
    command.trim_start().starts_with('\\')
}

async fn run_psql(
    config: &SystemConfig,
    access: &ReaderAccess,
    args: &PsqlArgs,
) -> Result<ExitStatus> {
    let psql = find_psql(&config.server_options()).context(
        "there is no psql on this machine: install it (apt install postgresql-client), or pass \
         --command SQL without commands such as \\d",
    )?;
    access.run_psql(&psql, &psql_arguments(args)).await
}

/// The arguments for psql: those after `--`, or the command with its format.
fn psql_arguments(args: &PsqlArgs) -> Vec<OsString> {
    let Some(command) = &args.command else {
        return args.arguments.clone();
    };
    let format = match args.format {
        RowFormatArg::Table => None,
        RowFormatArg::Csv => Some("--csv"),
    };
    let words = format.into_iter().chain(["--command", command.as_str()]);
    words.map(OsString::from).collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use settings::{Cli, CliCommand};

    #[test]
    fn a_backslash_command_is_for_psql() {
        for (words, expected) in [
            (&["-c", "\\d"][..], &["--command", "\\d"][..]),
            (
                &["-c", " \\dt log.*", "--format", "csv"],
                &["--csv", "--command", " \\dt log.*"],
            ),
            (&["--", "-At"], &["-At"]),
        ] {
            let cli = Cli::try_parse_from([&["tidings", "psql"], words].concat()).expect("valid");
            let CliCommand::Psql(args) = cli.command else {
                panic!("expected the command");
            };
            assert_eq!(psql_arguments(&args), expected, "{words:?}");
            assert!(args.command.is_none_or(|command| is_for_psql(&command)));
        }
        assert!(!is_for_psql("SELECT '\\d'"));
    }
}
