//! The database that an operator command works on.

use anyhow::{Context as _, Result, anyhow};
use embedded_servers::EmbeddedServers;
use sqlx::PgPool;

use crate::commands::up::server_options;
use crate::config::SystemConfig;
use crate::data_dir::DataDir;
use crate::service::pools;

/// The configured database, or that of the running system; otherwise the embedded one, started for
/// the duration of the command.
pub struct OperatorDatabase {
    /// A small connection pool.
    pub pool: PgPool,
    /// The address of the database. May contain a password.
    pub url: String,
    /// The address of the NATS server that belongs to it, if known. May contain a password.
    pub nats_url: Option<String>,
    private_servers: Option<EmbeddedServers>,
}

/// Passed as the NATS address so that only Postgres is started.
const PLACEHOLDER_NATS_URL: &str = "nats://not-needed";

impl OperatorDatabase {
    /// Finds the database, or starts the embedded one.
    pub async fn open(config: &SystemConfig) -> Result<Self> {
        let nats_url = config.nats_url.as_ref().map(|url| url.reveal().to_owned());
        if let Some(url) = &config.database_url {
            return Self::connect(url.reveal(), nats_url, None);
        }
        if let Some(running) = DataDir::new(&config.data).find_running()? {
            return Self::connect(
                &running.database_url,
                nats_url.or(Some(running.nats_url)),
                None,
            );
        }
        let mut options = server_options(config);
        options.nats_url = Some(PLACEHOLDER_NATS_URL.into());
        let servers = tokio::task::spawn_blocking(move || embedded_servers::start(&options))
            .await
            .context("the thread that starts Postgres panicked")?
            .map_err(|error| anyhow!(error))?;
        let url = servers.database_url.clone();
        Self::connect(&url, nats_url, Some(servers))
    }

    fn connect(url: &str, nats_url: Option<String>, own: Option<EmbeddedServers>) -> Result<Self> {
        Ok(Self {
            pool: pools::open_operator_pool(url)?,
            url: url.to_owned(),
            nats_url,
            private_servers: own,
        })
    }

    /// Closes the connections and stops the embedded server, if one was started.
    pub async fn close(self) -> Result<()> {
        self.pool.close().await;
        if let Some(servers) = self.private_servers {
            tokio::task::spawn_blocking(|| servers.stop())
                .await
                .context("the thread that stops Postgres panicked")?;
        }
        Ok(())
    }
}
