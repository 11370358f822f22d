//! Connection pools for Postgres. Commands, projections and queries have separate pools, so that a
//! burst of one cannot starve another. Pools connect lazily: Postgres need not be available yet.

use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use connectivity::OutageLog;
use connectivity::postgres::{DatabaseAddress, PrimaryFollower};
use data_dir::UsageError;
use data_dir::postgres::{
    parse_database_address, pool_options, refuse_transaction_pooling, replica_pool_options,
};
use data_dir::retry::{self, RetryError};
use settings::Services;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

/// How long a request waits for a connection before it gets a 503 response.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// The timeout of statements of the command service; the longest ones load a cold aggregate.
const WRITE_STATEMENT_TIMEOUT: &str = "30s";

/// The largest number of sessions that a process has with Postgres, by their use. Two processes
/// with all services fit into the 100 of a stock server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// Commands: loads of cold aggregates, and receipts. The committer has a session of its own.
    writes: u32,
    /// The projector and other background tasks.
    projections: u32,
    /// Queries.
    reads: u32,
    /// Sessions beside the pools.
    dedicated: u32,
}

impl SessionLimits {
    /// The limits of a process with these services.
    pub fn for_services(services: Services) -> Self {
        let has_log = services.append();
        let writes = match (services.commands, services.queries) {
            (true, _) => 8,
            // The acknowledgements of live connections.
            (false, true) => 2,
            // The migration, and the devices whose tokens are gone.
            (false, false) => 1 + u32::from(services.dispatcher),
        };
        let is_background = services.commands || services.projector || services.dispatcher;
        // The one that finds the primary; the committer and the relay; the locks of the sealer and
        // the eraser; the hub and the filling of an index; the projector.
        let dedicated = 1
            + 2 * u32::from(has_log)
            + 2 * u32::from(services.commands)
            + 2 * u32::from(services.queries)
            + u32::from(services.projector);
        Self {
            writes,
            // A query service has an indexer.
            projections: if is_background { 4 } else { 2 },
            // Other processes read for their readiness and gauges only.
            reads: if services.queries { 16 } else { 2 },
            dedicated,
        }
    }

    /// All of them. The dispatcher has another one for each webhook that it works on.
    pub fn total(self) -> u32 {
        self.writes + self.projections + self.reads + self.dedicated
    }
}

/// The connection pools of a process.
#[derive(Debug, Clone)]
pub struct Pools {
    /// The pool for commands: appends, and the reads that they need.
    pub writes: PgPool,
    /// The pool for the projector and other background tasks.
    pub projections: PgPool,
    /// The pool for queries: on a replica, if one is configured.
    pub reads: PgPool,
    reads_replica: bool,
    address: DatabaseAddress,
    /// The address with the options of each pool, in the order of [`Pools::with_names`].
    addresses: [DatabaseAddress; 3],
}

impl Pools {
    /// Creates lazy pools for this database, and for the replica `read_url` if queries read one.
    /// Fails only if an address is invalid.
    pub fn new(database_url: &str, read_url: Option<&str>, services: Services) -> Result<Self> {
        let address = parse_database_address(database_url)?;
        let replica = read_url.map(parse_replica_address).transpose()?;
        let limits = SessionLimits::for_services(services);
        let addresses = [
            address.map_options(|options| {
                let timeout = [("statement_timeout", WRITE_STATEMENT_TIMEOUT)];
                options
                    .application_name("tidings commands")
                    .options(timeout)
            }),
            address.map_options(|options| options.application_name("tidings projector")),
            replica.as_ref().unwrap_or(&address).map_options(|options| {
                let options = options.application_name("tidings queries");
                query_api::session_options(options, query_api::STATEMENT_TIMEOUT)
            }),
        ];
        let open = |options: PgPoolOptions, limit: u32, address: &DatabaseAddress| {
            options
                .max_connections(limit)
                .acquire_timeout(ACQUIRE_TIMEOUT)
                .connect_lazy_with(address.hosts()[0].clone())
        };
        Ok(Self {
            writes: open(pool_options(), limits.writes, &addresses[0]),
            projections: open(pool_options(), limits.projections, &addresses[1]),
            reads: match &replica {
                None => open(pool_options(), limits.reads, &addresses[2]),
                Some(_) => open(replica_pool_options(), limits.reads, &addresses[2]),
            },
            reads_replica: replica.is_some(),
            address,
            addresses,
        })
    }

    /// Waits for the server that accepts writes, and turns the pools to it. Returns what keeps them
    /// there. Fails if the server refuses the user, or pools by transaction.
    pub async fn wait_for_primary(&self) -> Result<PrimaryFollower> {
        let pools = self.with_names().map(|(_, pool)| pool.clone());
        let mut pools: Vec<_> = pools.into_iter().zip(self.addresses.clone()).collect();
        if self.reads_replica {
            // The pool for queries is the last one, and stays with the replica.
            pools.pop();
        }
        let mut follower = PrimaryFollower::new(self.address.clone(), pools);
        let attempt = async || {
            follower.find().await.map_err(|error| {
                if error.refuses_user() {
                    RetryError::Permanent(anyhow!(error))
                } else {
                    RetryError::Transient(anyhow!(error))
                }
            })?;
            let options = self.projections.connect_options();
            refuse_transaction_pooling(&options).await
        };
        retry::retry_until_ok(&OutageLog::new("Connecting to Postgres"), attempt).await?;
        Ok(follower)
    }

    /// Whether queries read a replica.
    pub fn reads_replica(&self) -> bool {
        self.reads_replica
    }

    /// The pools with their names in the metrics.
    pub fn with_names(&self) -> [(&'static str, &PgPool); 3] {
        [
            ("writes", &self.writes),
            ("projections", &self.projections),
            ("reads", &self.reads),
        ]
    }

    /// Closes all pools, and waits for connections that are in use.
    pub async fn close(&self) {
        for (_, pool) in self.with_names() {
            pool.close().await;
        }
    }
}

/// A position in the history of one server says nothing about another one, so there is only one.
fn parse_replica_address(url: &str) -> Result<DatabaseAddress> {
    let address = parse_database_address(url).context("TIDINGS_READ_URL")?;
    match address.hosts().len() {
        1 => Ok(address),
        hosts => Err(UsageError(format!(
            "TIDINGS_READ_URL has {hosts} hosts; name one standby, and run a query service for each"
        ))
        .into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table in docs/operations.md.
    #[test]
    fn every_role_needs_the_documented_number_of_sessions() {
        let documented = include_str!("../../../docs/operations.md");
        for (role, services) in Services::ROLES {
            let row = format!(
                "| `{role}` | {} ",
                SessionLimits::for_services(services).total()
            );
            assert!(documented.contains(&row), "{row} is not in operations.md");
        }
    }
}
