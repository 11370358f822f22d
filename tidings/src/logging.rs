//! Logs: to standard error, always. Standard output is for results.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::config::{Config, LogFormat};
use crate::usage::Usage;

/// Libraries that tell what they do at a level where we tell what happens.
const QUIET: &str = "sqlx=warn,sqlx::query=error,async_nats=warn,hyper=warn,h2=warn";

/// Starts logging. A filter that cannot be read is a mistake of the user's.
pub fn start(config: &Config) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(format!("{QUIET},{}", config.log))
        .map_err(|error| Usage(format!("--log {:?}: {error}", config.log)))?;
    let lines = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_env_filter(filter);
    let outcome = match config.log_format {
        LogFormat::Text => lines.with_target(false).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    outcome.map_err(|error| anyhow::anyhow!("cannot start logging: {error}"))
}
