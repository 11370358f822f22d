//! Connections to Postgres, and the migration of the schema.

use std::str::FromStr as _;
use std::time::Duration;

use anyhow::{Result, anyhow};
use sqlx::migrate::MigrateError;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, PgPool};

use crate::retry::{self, RetryError};
use crate::usage_error::UsageError;

/// The number of connections for an operator command.
const MAX_OPERATOR_CONNECTIONS: u32 = 4;
/// How long to wait for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// An idle transaction blocks the log; Postgres aborts it after this time.
const IDLE_IN_TRANSACTION_TIMEOUT: &str = "30s";

/// How long a connection that was given back in the middle of a statement may take to finish it.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// The options of every pool. A connection that was given back because its server does not answer
/// is closed: waiting for it would keep its place in the pool until the network gives up, which
/// can take a quarter of an hour.
pub fn pool_options() -> PgPoolOptions {
    PgPoolOptions::new().after_release(|connection, _| {
        Box::pin(async move {
            match tokio::time::timeout(FLUSH_TIMEOUT, connection.flush()).await {
                Ok(flushed) => flushed.map(|()| true),
                Err(_) => Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())),
            }
        })
    })
}

/// Creates a pool for an operator command.
pub fn open_operator_pool(database_url: &str) -> Result<PgPool> {
    Ok(pool_options()
        .max_connections(MAX_OPERATOR_CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_lazy_with(
            parse_connect_options(database_url)?.application_name("tidings operator"),
        ))
}

/// Parses the address of a database into options for connections that cannot block the log.
pub fn parse_connect_options(database_url: &str) -> Result<PgConnectOptions> {
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
    Ok(options.options([
        (
            "idle_in_transaction_session_timeout",
            IDLE_IN_TRANSACTION_TIMEOUT,
        ),
        // All statements are short. A stock server would compile the append statement each time,
        // which takes a hundred times as long as running it.
        ("jit", "off"),
    ]))
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
            let error = open_operator_pool(url).expect_err("the address is invalid");
            assert!(error.is::<UsageError>(), "{error}");
            assert!(!format!("{error:#}").contains("s3cret"), "{error:#}");
        }
        open_operator_pool("postgres://tidings@localhost/tidings?host=%2Ftmp%2Frun")
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
