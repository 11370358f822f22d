//! Options of `tidings psql`.

use std::ffi::OsString;

use clap::{Args, ValueEnum};
use log_tools::sql_rows::RowFormat;

/// The options of `tidings psql`.
#[derive(Debug, Clone, Args)]
pub struct PsqlArgs {
    /// Run this SQL and print the rows, without the program psql. A command of psql, such as \d,
    /// is passed on to it.
    #[arg(short, long, value_name = "SQL")]
    pub command: Option<String>,
    /// How --command prints rows.
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: RowFormatArg,
    /// Arguments for psql, such as `--file report.sql`.
    #[arg(last = true, value_name = "ARGUMENT", conflicts_with = "command")]
    pub arguments: Vec<OsString>,
}

/// How rows are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RowFormatArg {
    /// Aligned columns.
    Table,
    /// Comma-separated values with a header line.
    Csv,
}

impl From<RowFormatArg> for RowFormat {
    fn from(format: RowFormatArg) -> Self {
        match format {
            RowFormatArg::Table => Self::Table,
            RowFormatArg::Csv => Self::Csv,
        }
    }
}
