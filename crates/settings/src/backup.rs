//! Options of `tidings backup` and `tidings restore`.

use std::path::PathBuf;

use clap::Args;

use super::confirm::ConfirmArgs;

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
    /// How it is confirmed.
    #[command(flatten)]
    pub confirm: ConfirmArgs,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
}
