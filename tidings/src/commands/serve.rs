//! `tidings command-svc`, `tidings projector`, `tidings query-api` and `tidings dispatcher`: run a
//! single service of a fleet.

use anyhow::Result;

use super::up::listen;
use crate::config::{Config, LISTEN_COMMANDS, LISTEN_DISPATCHER, LISTEN_PROJECTOR, LISTEN_QUERIES};
use crate::data_dir::DataDir;
use crate::keys::Keys;
use crate::service::roles::Roles;
use crate::service::{self, Setup, stop};
use crate::usage::Usage;

/// Runs the service until a signal. It uses the configured servers, or those of the system that
/// runs on the data directory; it does not start any.
pub async fn run(config: &Config, roles: Roles) -> Result<()> {
    let stop = stop::on_signal()?;
    let data = DataDir::at(&config.data);
    let keys = Keys::configured(&config.auth, &data)?;
    let running = data.running()?;
    let given =
        |url: &Option<crate::secret::ServerUrl>| url.as_ref().map(|url| url.reveal().to_owned());
    let database_url = given(&config.database_url)
        .or_else(|| Some(running.as_ref()?.database_url.clone()))
        .ok_or_else(|| missing("a Postgres", "--database-url"))?;
    let nats_url = given(&config.nats_url)
        .or_else(|| Some(running.as_ref()?.nats_url.clone()))
        .ok_or_else(|| missing("a nats-server", "--nats-url"))?;
    let default = match roles {
        Roles::COMMANDS => LISTEN_COMMANDS,
        Roles::PROJECTOR => LISTEN_PROJECTOR,
        Roles::DISPATCHER => LISTEN_DISPATCHER,
        _ => LISTEN_QUERIES,
    };
    let listener = listen(config, default).await?;
    let address = listener.local_addr()?;
    let auth = keys.auth()?;
    let setup = Setup {
        config: config.clone(),
        roles,
        listener,
        database_url,
        nats_url,
        auth,
    };
    service::run(setup, stop, |_| println!("up at http://{address}")).await
}

fn missing(server: &str, flag: &str) -> Usage {
    Usage(format!(
        "a single service needs {server}: pass {flag}, or the --data of a running `tidings up`"
    ))
}
