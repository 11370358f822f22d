//! A running `tidings up` for benchmarks, on servers that are there already.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use embedded_servers::EmbeddedServers;
use sqlx::{Connection, PgConnection};

use crate::client::{Bases, Client, http};
use crate::ports;
use crate::service::{Service, service_env};

/// How long the projection may take to come up with the log before the run is worthless.
const BEHIND: Duration = Duration::from_secs(60);

/// A running `tidings up`.
pub struct Up {
    /// The process.
    pub service: Service,
    /// Where it is.
    pub address: SocketAddr,
    /// Its Postgres.
    pub database_url: String,
    http: reqwest::Client,
}

impl Up {
    /// Starts it on given servers, and waits until it is ready.
    pub async fn start(servers: &EmbeddedServers, dir: &Path) -> Result<Self> {
        Self::with(servers, dir, &[]).await
    }

    /// The same with more environment variables.
    pub async fn with(
        servers: &EmbeddedServers,
        dir: &Path,
        more: &[(&'static str, &str)],
    ) -> Result<Self> {
        let port = ports::free();
        let mut env = service_env(&servers.database_url, &servers.nats_url);
        env.extend(
            more.iter()
                .map(|(name, value)| (*name, (*value).to_owned())),
        );
        let service = Service::start("up", port, dir, &env)
            .await
            .map_err(anyhow::Error::msg)?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        Ok(Self {
            service,
            address,
            database_url: servers.database_url.clone(),
            http: http(),
        })
    }

    /// A user's client.
    pub fn user(&self, name: &str) -> Client {
        let base = format!("http://{}", self.address);
        let bases = Bases {
            commands: base.clone(),
            queries: base,
        };
        Client::as_user(self.http.clone(), Arc::new(bases), name)
    }

    /// The log's head.
    pub async fn head(&self) -> Result<i64> {
        let mut connection = PgConnection::connect(&self.database_url).await?;
        Ok(sqlx::query_scalar("SELECT position FROM log.head")
            .fetch_one(&mut connection)
            .await?)
    }

    /// How long it takes from now until the projection has everything that is in the log now.
    pub async fn lag(&self) -> Result<Duration> {
        let head = self.head().await?;
        let start = Instant::now();
        let user = self.user("u0");
        while user
            .get(&format!("/v1/inbox/unread?min_position={head}"))
            .await
            .status
            != 200
        {
            ensure!(
                start.elapsed() < BEHIND,
                "the projection is more than {BEHIND:?} behind"
            );
        }
        Ok(start.elapsed())
    }
}
