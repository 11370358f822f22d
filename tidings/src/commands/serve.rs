//! `tidings command-svc`, `tidings projector`, `tidings query-api` and `tidings dispatcher`: run a
//! single service of a fleet.

use anyhow::Result;
use data_dir::UsageError;
use service::ports::ServicePorts;
use service::{ServiceSetup, signals};
use settings::{
    DEFAULT_LISTEN_COMMAND_SVC, DEFAULT_LISTEN_DISPATCHER, DEFAULT_LISTEN_PROJECTOR,
    DEFAULT_LISTEN_QUERY_API, Services, SystemConfig,
};

use crate::output::outln;

/// Runs the service until a signal. It uses the configured servers, or those of the system that
/// runs on the data directory; it does not start any.
pub async fn run(config: &SystemConfig, services: Services) -> Result<()> {
    let stop = signals::cancel_on_signal()?;
    let running = config.data_dir().find_running()?;
    let urls = config.server_urls().or_running(running.as_ref());
    let database_url = urls
        .database
        .ok_or_else(|| missing_server_error("a Postgres", "--database-url"))?;
    let nats_url = urls
        .nats
        .ok_or_else(|| missing_server_error("a nats-server", "--nats-url"))?;
    let default = match services {
        Services::COMMANDS => DEFAULT_LISTEN_COMMAND_SVC,
        Services::PROJECTOR => DEFAULT_LISTEN_PROJECTOR,
        Services::DISPATCHER => DEFAULT_LISTEN_DISPATCHER,
        _ => DEFAULT_LISTEN_QUERY_API,
    };
    // Creates a secret, so everything that an invocation can lack is checked before.
    let keys = config.load_token_keys()?;
    let ports = ServicePorts::bind(config, default).await?;
    let base = ports.base_url()?;
    let auth = keys.to_auth(config.auth.policy())?;
    let setup = ServiceSetup {
        config: config.clone(),
        services,
        ports,
        database_url,
        nats_url,
        nats_restart: None,
        keys,
        auth,
    };
    // The future of a whole service is large.
    Box::pin(service::run(setup, stop, |_| announce(&base))).await
}

/// A closed reader is only logged, so that the service continues.
fn announce(base: &str) {
    if let Err(error) = outln!("up at {base}") {
        tracing::warn!(%error, "cannot announce the address");
    }
}

fn missing_server_error(server: &str, flag: &str) -> UsageError {
    UsageError(format!(
        "a single service needs {server}: pass {flag}, or the --data of a running `tidings up`"
    ))
}
