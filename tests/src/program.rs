//! A running `tidings up` on given servers.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use embedded_servers::EmbeddedServers;
use sqlx::{Connection, PgConnection};

use crate::client::{BaseUrls, Client, http_client};
use crate::service::{ServiceProcess, service_env};
use crate::{binary, ports};

/// The longest time that the projection may take to reach the head of the log.
const MAX_LAG: Duration = Duration::from_secs(60);

/// A running `tidings up`.
pub struct Program {
    /// The process.
    pub service: ServiceProcess,
    /// Its address.
    pub address: SocketAddr,
    /// The URL of its database.
    pub database_url: String,
    http: reqwest::Client,
}

impl Program {
    /// Starts it on `servers` and waits until it is ready.
    pub async fn start(servers: &EmbeddedServers, dir: &Path) -> Result<Self> {
        Self::start_with_env(servers, dir, &[]).await
    }

    /// The same with more environment variables.
    pub async fn start_with_env(
        servers: &EmbeddedServers,
        dir: &Path,
        more: &[(&'static str, &str)],
    ) -> Result<Self> {
        Self::start_binary(binary::path(), servers, dir, more).await
    }

    /// The same with another program than the one under test, such as an earlier one.
    pub async fn start_binary(
        binary: &Path,
        servers: &EmbeddedServers,
        dir: &Path,
        more: &[(&'static str, &str)],
    ) -> Result<Self> {
        let port = ports::find_free();
        let mut env = service_env(&servers.database_url, &servers.nats_url);
        // A load generator has more connections than a user.
        env.push(("TIDINGS_MAX_REQUESTS", "0".to_owned()));
        env.extend(
            more.iter()
                .map(|(name, value)| (*name, (*value).to_owned())),
        );
        let service = ServiceProcess::start_program(binary, "up", port, dir, &env)
            .await
            .map_err(anyhow::Error::msg)?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        Ok(Self {
            service,
            address,
            database_url: servers.database_url.clone(),
            http: http_client(),
        })
    }

    /// The client of a user.
    pub fn user(&self, name: &str) -> Client {
        let base = format!("http://{}", self.address);
        let bases = BaseUrls {
            commands: base.clone(),
            queries: base,
        };
        Client::for_user(self.http.clone(), Arc::new(bases), name)
    }

    /// The head of the log.
    pub async fn head(&self) -> Result<i64> {
        let mut connection = PgConnection::connect(&self.database_url).await?;
        Ok(sqlx::query_scalar("SELECT position FROM log.head")
            .fetch_one(&mut connection)
            .await?)
    }

    /// Measures how long the projection takes to reach the current head of the log.
    pub async fn measure_lag(&self) -> Result<Duration> {
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
                start.elapsed() < MAX_LAG,
                "the projection is more than {MAX_LAG:?} behind"
            );
        }
        Ok(start.elapsed())
    }
}
