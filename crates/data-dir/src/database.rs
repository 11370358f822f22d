//! The database that an operator command works on.

use anyhow::{Context as _, Result, anyhow};
use embedded_servers::{EmbeddedServers, ServerOptions};
use sqlx::PgPool;

use crate::directory::DataDir;
use crate::postgres::{migrate_once, open_operator_pool, require_current_schema};
use crate::server_urls::ServerUrls;

/// Passed as the NATS address so that only Postgres is started.
const PLACEHOLDER_NATS_URL: &str = "nats://not-needed";

/// The configured database, or that of the running system; otherwise the embedded one, started for
/// the duration of the command.
pub struct OperatorDatabase {
    /// A small connection pool.
    pub pool: PgPool,
    /// Its address. May contain a password.
    pub url: String,
    /// The address of the NATS server that belongs to it, if known. May contain a password.
    pub nats_url: Option<String>,
    private_servers: Option<EmbeddedServers>,
}

/// Opens the database of the data directory in `options`, does the work, and closes the database.
/// Creates none: without one, returns a [`UsageError`](crate::UsageError).
pub async fn with_database<T>(
    options: ServerOptions,
    work: impl AsyncFnOnce(&OperatorDatabase) -> Result<T>,
) -> Result<T> {
    let data = DataDir::new(&options.data);
    if options.database_url.is_none() && !data.has_database() && data.find_running()?.is_none() {
        return Err(data.no_system_error().into());
    }
    with_new_database(options, work).await
}

/// Like [`with_database`], but creates the embedded database if there is none.
pub async fn with_new_database<T>(
    options: ServerOptions,
    work: impl AsyncFnOnce(&OperatorDatabase) -> Result<T>,
) -> Result<T> {
    let database = OperatorDatabase::open(options).await?;
    let outcome = work(&database).await;
    database.close().await?;
    outcome
}

/// Opens the database, makes sure that its schema is the current one, does the work, and closes the
/// database. Only the database of a stopped system is migrated: one that services use is upgraded
/// when an operator says so, and not by a command that reads.
pub async fn with_migrated_database<T>(
    options: ServerOptions,
    work: impl AsyncFnOnce(&OperatorDatabase) -> Result<T>,
) -> Result<T> {
    with_database(options, async |database| {
        if database.private_servers.is_some() {
            migrate_once(&database.pool).await?;
        } else {
            require_current_schema(&database.pool).await?;
        }
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
            url: url.to_owned(),
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
