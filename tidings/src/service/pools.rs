//! Connection pools for Postgres. Commands, projections and queries have separate pools, so that a
//! burst of one cannot starve another. Pools connect lazily: Postgres need not be available yet.

use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use sqlx::PgPool;
use sqlx::migrate::MigrateError;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use super::retry::{self, RetryError};
use crate::usage_error::UsageError;

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
/// An idle transaction blocks the log; Postgres aborts it after this time.
const IDLE_IN_TRANSACTION_TIMEOUT: &str = "30s";
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
        let options = parse_options(database_url)?;
        let pool = |connections, options| {
            PgPoolOptions::new()
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

/// Creates a pool for an operator command.
pub fn open_operator_pool(database_url: &str) -> Result<PgPool> {
    Ok(PgPoolOptions::new()
        .max_connections(MAX_PROJECTION_CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_lazy_with(parse_options(database_url)?.application_name("tidings operator")))
}

fn parse_options(database_url: &str) -> Result<PgConnectOptions> {
    let is_postgres =
        database_url.starts_with("postgres://") || database_url.starts_with("postgresql://");
    let options = PgConnectOptions::from_str(database_url)
        .ok()
        .filter(|_| is_postgres);
    // The error from sqlx may contain the password, so it is replaced.
    let options = options.ok_or_else(|| {
        UsageError(
            "the database address is invalid; expected postgres://user:password@host/database"
                .into(),
        )
    })?;
    Ok(options.options([(
        "idle_in_transaction_session_timeout",
        IDLE_IN_TRANSACTION_TIMEOUT,
    )]))
}

/// Migrates the database, and waits for it if it is not available yet.
pub async fn migrate(pool: &PgPool) -> Result<()> {
    let attempt = async || {
        migrations::apply(pool).await.map_err(|error| match &error {
            MigrateError::Execute(cause) if is_transient(cause) => {
                RetryError::Transient(anyhow!(error))
            }
            _ => RetryError::Permanent(anyhow!(error)),
        })
    };
    retry::retry_until_ok("the database is not available", attempt).await
}

/// Queries the version of Postgres.
pub async fn fetch_server_version(pool: &PgPool) -> Result<String> {
    sqlx::query_scalar("SELECT current_setting('server_version')")
        .fetch_one(pool)
        .await
        .context("cannot query Postgres")
}

/// Whether a retry may succeed: Postgres is unreachable, starting, stopping or out of resources, or
/// the database does not exist yet. A wrong password is permanent.
pub fn is_transient(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => {
            // SQLSTATE classes: 08 connection, 40 rollback, 53 resources, 57 operator intervention,
            // 3D no such database.
            let code = error.code().unwrap_or_default();
            ["08", "40", "53", "57", "3D"]
                .iter()
                .any(|class| code.starts_with(class))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_invalid_address_is_a_usage_error_and_not_shown() {
        for url in [
            "s3cret",
            "mysql://u:s3cret@h/d",
            "postgres://u:s3cret@h:port/d",
        ] {
            let error = Pools::new(url).expect_err("the address is invalid");
            assert!(error.is::<UsageError>(), "{error}");
            assert!(!format!("{error:#}").contains("s3cret"), "{error:#}");
        }
        Pools::new("postgres://tidings@localhost/tidings?host=%2Ftmp%2Frun")
            .expect("the address is valid");
    }

    #[test]
    fn unreachable_databases_are_transient_errors() {
        assert!(is_transient(&sqlx::Error::PoolTimedOut));
        assert!(is_transient(&sqlx::Error::Io(std::io::Error::other(
            "refused"
        ))));
        assert!(!is_transient(&sqlx::Error::RowNotFound));
    }
}
