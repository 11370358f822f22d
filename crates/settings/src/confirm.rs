//! Options of the commands that destroy something.

use clap::Args;

/// How such a command is confirmed.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct ConfirmArgs {
    /// Go on without asking. Required where there is no terminal to ask on.
    #[arg(long)]
    pub yes: bool,
    /// Print what would be done, with counts, and do nothing.
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
}
