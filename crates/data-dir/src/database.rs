//! The database that an operator command works on.

use anyhow::{Context as _, Result, anyhow};
use embedded_servers::{EmbeddedServers, ServerOptions};
use sqlx::PgPool;

use crate::directory::DataDir;
use crate::postgres::{migrate_once, open_operator_pool};
use crate::server_urls::ServerUrls;

/// Passed as the NATS address so that only Postgres is started.
const PLACEHOLDER_NATS_URL: &str = "nats://not-needed";

/// The configured database, or that of the running system; otherwise the embedded one, started for
/// the duration of the command.
pub struct OperatorDatabase {
    /// A small connection pool.
    pub pool: PgPool,
    /// The address of the NATS server that belongs to it, if known. May contain a password.
    pub nats_url: Option<String>,
    private_servers: Option<EmbeddedServers>,
}

/// Opens the database of the data directory in `options`, does the work, and closes the database.
pub async fn with_database<T>(
    options: ServerOptions,
    work: impl AsyncFnOnce(&OperatorDatabase) -> Result<T>,
) -> Result<T> {
    let database = OperatorDatabase::open(options).await?;
    let outcome = work(&database).await;
    database.close().await?;
    outcome
}

/// Opens the database, migrates it, does the work, and closes the database.
pub async fn with_migrated_database<T>(
    options: ServerOptions,
    work: impl AsyncFnOnce(&OperatorDatabase) -> Result<T>,
) -> Result<T> {
    with_database(options, async |database| {
        migrate_once(&database.pool).await?;
        work(database).await
    })
    .await
}

impl OperatorDatabase {
    /// Finds the database, or starts the embedded one.
    async fn open(mut options: ServerOptions) -> Result<Self> {
        let mut urls = ServerUrls {
            database: options.database_url.clone(),
            nats: options.nats_url.clone(),
        };
        if urls.database.is_none() {
            let running = DataDir::new(&options.data).find_running()?;
            urls = urls.or_running(running.as_ref());
        }
        let ServerUrls { database, nats } = urls;
        if let Some(url) = database {
            return Self::connect(&url, nats, None).await;
        }
        options.nats_url = Some(PLACEHOLDER_NATS_URL.into());
        let servers = tokio::task::spawn_blocking(move || embedded_servers::start(&options))
            .await
            .context("the thread that starts Postgres panicked")?
            .map_err(|error| anyhow!(error))?;
        let url = servers.database_url.clone();
        Self::connect(&url, nats, Some(servers)).await
    }

    async fn connect(
        url: &str,
        nats_url: Option<String>,
        own: Option<EmbeddedServers>,
    ) -> Result<Self> {
        Ok(Self {
            pool: open_operator_pool(url).await?,
            nats_url,
            private_servers: own,
        })
    }

    /// Closes the connections and stops the embedded server, if one was started.
    async fn close(self) -> Result<()> {
        self.pool.close().await;
        if let Some(servers) = self.private_servers {
            tokio::task::spawn_blocking(|| servers.stop())
                .await
                .context("the thread that stops Postgres panicked")?;
        }
        Ok(())
    }
}
