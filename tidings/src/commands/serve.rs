//! `tidings command-svc`, `tidings projector`, `tidings query-api` and `tidings dispatcher`: run a
//! single service of a fleet.

use anyhow::Result;

use super::up::bind;
use crate::config::{
    DEFAULT_LISTEN_COMMAND_SVC, DEFAULT_LISTEN_DISPATCHER, DEFAULT_LISTEN_PROJECTOR,
    DEFAULT_LISTEN_QUERY_API, SystemConfig,
};
use crate::data_dir::DataDir;
use crate::service::services::Services;
use crate::service::{self, ServiceSetup, signals};
use crate::token_keys::TokenKeys;
use crate::usage_error::UsageError;

/// Runs the service until a signal. It uses the configured servers, or those of the system that
/// runs on the data directory; it does not start any.
pub async fn run(config: &SystemConfig, services: Services) -> Result<()> {
    let stop = signals::cancel_on_signal()?;
    let data = DataDir::new(&config.data);
    let keys = TokenKeys::load(&config.auth, &data)?;
    let running = data.find_running()?;
    let given =
        |url: &Option<crate::secret::ServerUrl>| url.as_ref().map(|url| url.reveal().to_owned());
    let database_url = given(&config.database_url)
        .or_else(|| Some(running.as_ref()?.database_url.clone()))
        .ok_or_else(|| missing_server_error("a Postgres", "--database-url"))?;
    let nats_url = given(&config.nats_url)
        .or_else(|| Some(running.as_ref()?.nats_url.clone()))
        .ok_or_else(|| missing_server_error("a nats-server", "--nats-url"))?;
    let default = match services {
        Services::COMMANDS => DEFAULT_LISTEN_COMMAND_SVC,
        Services::PROJECTOR => DEFAULT_LISTEN_PROJECTOR,
        Services::DISPATCHER => DEFAULT_LISTEN_DISPATCHER,
        _ => DEFAULT_LISTEN_QUERY_API,
    };
    let listener = bind(config, default).await?;
    let address = listener.local_addr()?;
    let auth = keys.to_auth()?;
    let setup = ServiceSetup {
        config: config.clone(),
        services,
        listener,
        database_url,
        nats_url,
        auth,
    };
    service::run(setup, stop, |_| println!("up at http://{address}")).await
}

fn missing_server_error(server: &str, flag: &str) -> UsageError {
    UsageError(format!(
        "a single service needs {server}: pass {flag}, or the --data of a running `tidings up`"
    ))
}
