//! Connections to Postgres. Sends, projections and queries have their own, so that a burst of one
//! cannot starve another. They connect when they are needed: Postgres need not be there yet.

use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use sqlx::PgPool;
use sqlx::migrate::MigrateError;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use super::retry::{self, Attempt};
use crate::usage::Usage;

/// Connections of each pool. The committer writes with one; the others load cold aggregates and
/// look up receipts. Together they fit, with room for a second process, into Postgres's default
/// of 100.
const WRITES: u32 = 16;
const PROJECTIONS: u32 = 4;
const READS: u32 = 24;
/// How long a request waits for a connection before it is answered 503.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// A transaction that is left open blocks the log; Postgres ends it after this long.
const IDLE_IN_TRANSACTION: &str = "30s";
/// How long a statement of the command service may take; the longest load a cold aggregate.
const WRITE_STATEMENT: &str = "30s";

/// The pools of a process.
#[derive(Debug, Clone)]
pub struct Pools {
    /// Appends, and reads what commands need.
    pub writes: PgPool,
    /// The projector's.
    pub projections: PgPool,
    /// The queries'.
    pub reads: PgPool,
}

impl Pools {
    /// Pools on this database. Fails only if the address cannot be read.
    pub fn new(database_url: &str) -> Result<Self> {
        let options = options(database_url)?;
        let pool = |connections, options| {
            PgPoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(ACQUIRE_TIMEOUT)
                .connect_lazy_with(options)
        };
        let named = |name: &str| options.clone().application_name(name);
        Ok(Self {
            writes: pool(
                WRITES,
                named("tidings commands").options([("statement_timeout", WRITE_STATEMENT)]),
            ),
            projections: pool(PROJECTIONS, named("tidings projector")),
            reads: pool(
                READS,
                query_api::session(named("tidings queries"), query_api::STATEMENT_TIMEOUT),
            ),
        })
    }

    /// The pools with their names, for gauges.
    pub fn named(&self) -> [(&'static str, &PgPool); 3] {
        [
            ("writes", &self.writes),
            ("projections", &self.projections),
            ("reads", &self.reads),
        ]
    }

    /// Closes all of them, and waits for those in use.
    pub async fn close(&self) {
        for (_, pool) in self.named() {
            pool.close().await;
        }
    }
}

/// One pool for a command that an operator runs.
pub fn operator(database_url: &str) -> Result<PgPool> {
    Ok(PgPoolOptions::new()
        .max_connections(PROJECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_lazy_with(options(database_url)?.application_name("tidings operator")))
}

fn options(database_url: &str) -> Result<PgConnectOptions> {
    let is_postgres =
        database_url.starts_with("postgres://") || database_url.starts_with("postgresql://");
    let options = PgConnectOptions::from_str(database_url)
        .ok()
        .filter(|_| is_postgres);
    // What sqlx says of an address that it cannot read may hold the password.
    let options = options.ok_or_else(|| {
        Usage("the database's address cannot be read; it looks like postgres://user:password@host/database".into())
    })?;
    Ok(options.options([("idle_in_transaction_session_timeout", IDLE_IN_TRANSACTION)]))
}

/// Brings the database up to date, and waits for it if it is not there yet.
pub async fn migrated(pool: &PgPool) -> Result<()> {
    let migrate = async || {
        migrations::apply(pool).await.map_err(|error| match &error {
            MigrateError::Execute(cause) if is_passing(cause) => Attempt::Passing(anyhow!(error)),
            _ => Attempt::Lasting(anyhow!(error)),
        })
    };
    retry::until_done("the database is not there", migrate).await
}

/// Asks Postgres what it is.
pub async fn server_version(pool: &PgPool) -> Result<String> {
    sqlx::query_scalar("SELECT current_setting('server_version')")
        .fetch_one(pool)
        .await
        .context("Postgres cannot be asked")
}

/// Whether Postgres may answer another time: it is away, starting, stopping, full, or its
/// database is still to be made. A wrong password stays wrong.
pub fn is_passing(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => {
            // 08 connection, 40 rolled back, 53 resources, 57 operator's intervention; 3D000: no
            // such database.
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
    async fn an_address_that_cannot_be_read_is_a_mistake_and_not_shown() {
        for url in [
            "s3cret",
            "mysql://u:s3cret@h/d",
            "postgres://u:s3cret@h:port/d",
        ] {
            let error = Pools::new(url).expect_err("is no address");
            assert!(error.is::<Usage>(), "{error}");
            assert!(!format!("{error:#}").contains("s3cret"), "{error:#}");
        }
        Pools::new("postgres://tidings@localhost/tidings?host=%2Ftmp%2Frun")
            .expect("is an address");
    }

    #[test]
    fn what_is_away_may_come_back() {
        assert!(is_passing(&sqlx::Error::PoolTimedOut));
        assert!(is_passing(&sqlx::Error::Io(std::io::Error::other(
            "refused"
        ))));
        assert!(!is_passing(&sqlx::Error::RowNotFound));
    }
}
