//! Connection pools for Postgres. Commands, projections and queries have separate pools, so that a
//! burst of one cannot starve another. Pools connect lazily: Postgres need not be available yet.

use std::time::Duration;

use anyhow::Result;
use data_dir::postgres::{parse_connect_options, pool_options};
use sqlx::PgPool;

/// The number of connections for commands. The committer writes with one; the others load cold
/// aggregates and look up receipts. All three pools together fit, with room for a second process,
/// into Postgres's default of 100.
const MAX_WRITE_CONNECTIONS: u32 = 16;
/// The number of connections for projections.
const MAX_PROJECTION_CONNECTIONS: u32 = 4;
/// The number of connections for queries.
const MAX_READ_CONNECTIONS: u32 = 24;
/// How long a request waits for a connection before it gets a 503 response.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// The timeout of statements of the command service; the longest ones load a cold aggregate.
const WRITE_STATEMENT_TIMEOUT: &str = "30s";

/// The connection pools of a process.
#[derive(Debug, Clone)]
pub struct Pools {
    /// The pool for commands: appends, and the reads that they need.
    pub writes: PgPool,
    /// The pool for the projector and other background tasks.
    pub projections: PgPool,
    /// The pool for queries.
    pub reads: PgPool,
}

impl Pools {
    /// Creates lazy pools for this database. Fails only if the address is invalid.
    pub fn new(database_url: &str) -> Result<Self> {
        let options = parse_connect_options(database_url)?;
        let pool = |connections, options| {
            pool_options()
                .max_connections(connections)
                .acquire_timeout(ACQUIRE_TIMEOUT)
                .connect_lazy_with(options)
        };
        let named = |name: &str| options.clone().application_name(name);
        Ok(Self {
            writes: pool(
                MAX_WRITE_CONNECTIONS,
                named("tidings commands").options([("statement_timeout", WRITE_STATEMENT_TIMEOUT)]),
            ),
            projections: pool(MAX_PROJECTION_CONNECTIONS, named("tidings projector")),
            reads: pool(
                MAX_READ_CONNECTIONS,
                query_api::session_options(named("tidings queries"), query_api::STATEMENT_TIMEOUT),
            ),
        })
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
