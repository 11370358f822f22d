//! Logging. Logs always go to standard error; standard output is for results.

use std::io::IsTerminal;

use data_dir::UsageError;
use settings::{LogFormat, SystemConfig};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

/// The filter for libraries that log too much at `info`. The pool logs each connection that is not
/// used because its server is a standby, and notices repeat what an error says. The NATS client
/// logs every attempt; `event_stream::nats` logs the changes.
const LIBRARY_FILTER: &str = "sqlx=warn,sqlx::query=error,sqlx_core::pool::inner=off,sqlx::postgres::notice=off,async_nats=off,hyper=warn,h2=warn";

/// Initializes logging. Returns a [`UsageError`] if the filter is invalid.
pub fn init(config: &SystemConfig) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(format!("{LIBRARY_FILTER},{}", config.log))
        .map_err(|error| UsageError(format!("--log {:?}: {error}", config.log)))?;
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let lines = match config.log_format {
        LogFormat::Text => lines.with_target(false).with_filter(filter).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_filter(filter).boxed(),
    };
    let outcome = tracing_subscriber::registry()
        .with(lines)
        .with(event_log::replication_notices())
        .try_init();
    outcome.map_err(|error| anyhow::anyhow!("cannot start logging: {error}"))
}
