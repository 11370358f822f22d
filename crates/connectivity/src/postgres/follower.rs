//! Keeps pools at the primary while it moves between the hosts of an address.

use std::time::{Duration, Instant};

use sqlx::{PgConnection, PgPool};
use tokio_util::sync::CancellationToken;

use super::address::DatabaseAddress;
use super::primary::{NoPrimaryError, Primary, find_primary};
use super::session::{describe_host, load_state, unusable};
use crate::outage_log::OutageLog;
use crate::timeout::within;

/// How often the primary is asked whether it still is one.
const CHECK_INTERVAL: Duration = Duration::from_millis(500);

/// How long the primary may take to answer, before the others are asked.
const CHECK_TIMEOUT: Duration = Duration::from_secs(1);

/// How often all hosts are asked while the primary answers: another one may have replaced it.
const SURVEY_INTERVAL: Duration = Duration::from_secs(5);

/// How long to wait after no host was found.
const RETRY_INTERVAL: Duration = Duration::from_millis(200);

/// The task that follows the primary. It holds one session.
pub struct PrimaryFollower {
    address: DatabaseAddress,
    /// The pools, each with its own options for the hosts.
    pools: Vec<(PgPool, DatabaseAddress)>,
    /// The number of the host that the pools use.
    host: Option<usize>,
    session: Option<PgConnection>,
    surveyed_at: Instant,
    outages: OutageLog,
}

impl PrimaryFollower {
    /// Follows the primary of `address`, and keeps these pools at it. Each pool has the same hosts
    /// with its own options.
    pub fn new(address: DatabaseAddress, pools: Vec<(PgPool, DatabaseAddress)>) -> Self {
        Self {
            address,
            pools,
            host: None,
            session: None,
            surveyed_at: Instant::now(),
            outages: OutageLog::new("Finding the Postgres that accepts writes"),
        }
    }

    /// Finds the primary, and turns the pools to it.
    pub async fn find(&mut self) -> Result<(), NoPrimaryError> {
        let found = find_primary(&self.address).await?;
        self.surveyed_at = Instant::now();
        if self.host != Some(found.host) {
            self.turn_to(&found);
        }
        self.host = Some(found.host);
        self.session = Some(found.connection);
        Ok(())
    }

    fn turn_to(&self, primary: &Primary) {
        if self.address.hosts().len() > 1 {
            let host = describe_host(&primary.options);
            tracing::info!(host, "using the Postgres that accepts writes");
        }
        for (pool, address) in &self.pools {
            if let Some(options) = address.hosts().get(primary.host) {
                pool.set_connect_options(options.clone());
            }
        }
    }

    /// Checks the primary once, and looks for another if it is none any more. Returns how long to
    /// wait before the next step.
    async fn step(&mut self) -> Duration {
        if let Some(mut session) = self.session.take()
            && self.surveyed_at.elapsed() < SURVEY_INTERVAL
        {
            let checking = async {
                let state = load_state(&mut session).await?;
                state.require_primary().map_err(unusable)
            };
            match within(CHECK_TIMEOUT, checking).await {
                Ok(()) => {
                    self.session = Some(session);
                    return CHECK_INTERVAL;
                }
                Err(error) => tracing::debug!(%error, "the primary has gone"),
            }
        }
        let found = self.find().await;
        match self.outages.record(found) {
            Ok(()) => CHECK_INTERVAL,
            Err(_) => RETRY_INTERVAL,
        }
    }

    /// Follows until shutdown. An address with one host needs nothing: each new session is checked.
    pub async fn run(mut self, shutdown: CancellationToken) {
        if self.address.hosts().len() < 2 {
            self.session = None;
            return shutdown.cancelled().await;
        }
        loop {
            let Some(pause) = shutdown.run_until_cancelled(self.step()).await else {
                return;
            };
            let pause = tokio::time::sleep(pause);
            if shutdown.run_until_cancelled(pause).await.is_none() {
                return;
            }
        }
    }
}
