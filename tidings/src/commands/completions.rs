//! `tidings completions SHELL` and `tidings man`: what a shell and `man` need.

use anyhow::{Context as _, Result};
use clap::CommandFactory as _;
use settings::{Cli, CompletionsArgs, ManArgs, arrange_help};

use crate::output::out;

/// Prints a completion script.
pub fn print_completions(args: &CompletionsArgs) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "tidings", &mut script);
    out!("{}", String::from_utf8_lossy(&script))?;
    Ok(())
}

/// Prints the manual page, or writes those of all commands.
pub fn print_manual(args: &ManArgs) -> Result<()> {
    if let Some(dir) = &args.dir {
        let written = clap_mangen::generate_to(arrange_help(Cli::command()), dir);
        return written.with_context(|| format!("cannot write into {}", dir.display()));
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(arrange_help(Cli::command())).render(&mut page)?;
    out!("{}", String::from_utf8_lossy(&page))?;
    Ok(())
}
