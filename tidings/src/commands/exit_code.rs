//! The exit code of a program that a command has run.

use std::process::ExitStatus;

/// The exit code for a program that was ended by a signal, as in a shell.
const SIGNAL_EXIT_CODE: i32 = 128;

/// The code to pass on.
pub fn from_status(status: ExitStatus) -> i32 {
    status.code().unwrap_or(SIGNAL_EXIT_CODE)
}
