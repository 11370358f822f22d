//! Asks before something is destroyed.

use std::io::{BufRead as _, IsTerminal as _, stderr, stdin};

use anyhow::{Context as _, Result, bail};
use data_dir::UsageError;
use settings::ConfirmArgs;

/// What has to be typed to go on.
const CONSENT: &str = "yes";

/// Returns only if the user wants this `effect`, such as "erase 3 messages": `--yes` says so, or
/// the answer on a terminal. A script that passes neither gets a [`UsageError`].
pub fn require(args: ConfirmArgs, effect: &str) -> Result<()> {
    if args.yes {
        return Ok(());
    }
    if !(stdin().is_terminal() && stderr().is_terminal()) {
        return Err(UsageError(format!(
            "this would {effect}; pass --yes to do it, or --dry-run to print only that"
        ))
        .into());
    }
    eprint!("This will {effect}. Type {CONSENT} to go on: ");
    let mut answer = String::new();
    let read = stdin().lock().read_line(&mut answer);
    read.context("the answer cannot be read")?;
    if answer.trim() != CONSENT {
        bail!("nothing was changed");
    }
    Ok(())
}
