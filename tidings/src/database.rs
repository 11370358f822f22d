//! The database that an operator command works on.

use anyhow::{Context as _, Result, anyhow};
use sqlx::PgPool;

use crate::commands::up::options;
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::servers::{self, Servers};
use crate::service::pools;

/// The configured database, or that of the running system; otherwise the embedded one, started for
/// the duration of the command.
pub struct Database {
    /// A small connection pool.
    pub pool: PgPool,
    /// The address of the database. May contain a password.
    pub url: String,
    /// The address of the NATS server that belongs to it, if known. May contain a password.
    pub nats_url: Option<String>,
    own: Option<Servers>,
}

/// Passed as the NATS address so that only Postgres is started.
const NOT_NEEDED: &str = "nats://not-needed";

impl Database {
    /// Finds the database, or starts the embedded one.
    pub async fn reach(config: &Config) -> Result<Self> {
        let nats_url = config.nats_url.as_ref().map(|url| url.reveal().to_owned());
        if let Some(url) = &config.database_url {
            return Self::at(url.reveal(), nats_url, None);
        }
        if let Some(running) = DataDir::at(&config.data).running()? {
            return Self::at(
                &running.database_url,
                nats_url.or(Some(running.nats_url)),
                None,
            );
        }
        let mut options = options(config);
        options.nats_url = Some(NOT_NEEDED.into());
        let servers = tokio::task::spawn_blocking(move || servers::start(&options))
            .await
            .context("the thread that starts Postgres panicked")?
            .map_err(|error| anyhow!(error))?;
        let url = servers.database_url.clone();
        Self::at(&url, nats_url, Some(servers))
    }

    fn at(url: &str, nats_url: Option<String>, own: Option<Servers>) -> Result<Self> {
        Ok(Self {
            pool: pools::operator(url)?,
            url: url.to_owned(),
            nats_url,
            own,
        })
    }

    /// Closes the connections and stops the embedded server, if one was started.
    pub async fn leave(self) -> Result<()> {
        self.pool.close().await;
        if let Some(servers) = self.own {
            tokio::task::spawn_blocking(|| servers.stop())
                .await
                .context("the thread that stops Postgres panicked")?;
        }
        Ok(())
    }
}
