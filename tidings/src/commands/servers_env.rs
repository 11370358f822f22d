//! `tidings servers env [-- COMMAND]`: the addresses of the servers of a running system, for a
//! shell or for a command.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::{Result, anyhow};
use settings::SystemConfig;

use super::admin;
use crate::output::outln;

/// Prints lines for a shell, or becomes the command, with the addresses in its environment.
pub fn run(config: &SystemConfig, command: &[OsString]) -> Result<()> {
    let running = admin::require_running(config)?;
    let variables = [
        ("DATABASE_URL", running.database_url),
        ("NATS_URL", running.nats_url),
    ];
    let Some((program, arguments)) = command.split_first() else {
        for (name, value) in &variables {
            outln!("export {name}={}", quote_for_shell(value))?;
        }
        return Ok(());
    };
    let error = Command::new(program).args(arguments).envs(variables).exec();
    Err(anyhow!(error).context(format!("cannot run {}", program.display())))
}

/// Quotes a value so that a shell takes it as it is.
fn quote_for_shell(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quote_for_shell;

    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        for value in ["nats://a:b@c", "a'b", "$HOME `id`", "'"] {
            let mut shell = std::process::Command::new("sh");
            let script = format!("printf %s {}", quote_for_shell(value));
            let printed = shell.args(["-c", &script]).output().expect("sh runs");
            assert_eq!(printed.stdout, value.as_bytes());
        }
    }
}
