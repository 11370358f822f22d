//! Connections to Postgres, and the migration of the schema.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use connectivity::OutageLog;
use connectivity::postgres::{self, DatabaseAddress, Primary};
use sqlx::migrate::MigrateError;
use sqlx::pool::PoolConnectionMetadata;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{Connection as _, PgPool};

use crate::retry::{self, RetryError};
use crate::usage_error::UsageError;

/// The number of connections for an operator command.
const MAX_OPERATOR_CONNECTIONS: u32 = 4;
/// How long to wait for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// An idle transaction blocks the log; Postgres aborts it after this time.
const IDLE_IN_TRANSACTION_TIMEOUT: &str = "30s";

/// When Postgres ends the session of a machine that has vanished: its relay or webhooks have a
/// lock, which others wait for. The operating system's own settings take two hours. These are
/// seconds without traffic, seconds between probes, the number of probes, and milliseconds that
/// data may stay unacknowledged. With a Unix socket they have no meaning.
const TCP_SETTINGS: [(&str, &str); 4] = [
    ("tcp_keepalives_idle", "10"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "25000"),
];

/// How long a connection that was given back in the middle of a statement may take to finish it.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a connection may be idle before it is tested again.
const TESTED_AFTER_IDLE: Duration = Duration::from_millis(500);

/// How long an operator command tries to connect.
const COMMAND_CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// The pause between its attempts.
const COMMAND_RETRY_INTERVAL: Duration = Duration::from_millis(500);

/// The options of every pool on the primary: those of [`replica_pool_options`]. Besides, a new
/// connection is used only if its server accepts writes, and one that may be with a server that has
/// been replaced is closed.
pub fn pool_options() -> PgPoolOptions {
    replica_pool_options()
        .after_connect(|connection, _| Box::pin(postgres::check_session(connection)))
        .before_acquire(|connection, session| {
            Box::pin(async move {
                Ok(!postgres::is_replaced(session.age) && is_alive(connection, &session).await?)
            })
        })
}

/// The options of a pool on a server that only answers queries. A connection that was given back
/// because its server does not answer is closed: waiting for it would keep its place in the pool
/// until the network gives up, which can take a quarter of an hour.
pub fn replica_pool_options() -> PgPoolOptions {
    PgPoolOptions::new()
        .test_before_acquire(false)
        .before_acquire(|connection, session| {
            Box::pin(async move { is_alive(connection, &session).await })
        })
        .after_release(|connection, _| {
            Box::pin(async move {
                match tokio::time::timeout(FLUSH_TIMEOUT, connection.flush()).await {
                    Ok(flushed) => flushed.map(|()| true),
                    Err(_) => Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())),
                }
            })
        })
}

/// Tests a connection that has been idle for a while. The pool tested one that was just given back:
/// doing it again for each query costs another round trip.
async fn is_alive(
    connection: &mut PgConnection,
    session: &PoolConnectionMetadata,
) -> Result<bool, sqlx::Error> {
    if session.idle_for >= TESTED_AFTER_IDLE {
        connection.ping().await?;
    }
    Ok(true)
}

/// Creates a pool for an operator command, with the server that accepts writes. Gives up after
/// 30 s; the error names each host and why it cannot be used.
pub async fn open_operator_pool(database_url: &str) -> Result<PgPool> {
    let address = parse_database_address(database_url)?;
    let primary = find_primary_in_time(&address).await?;
    let direct = refuse_transaction_pooling(&primary.options).await;
    direct.map_err(RetryError::into_error)?;
    Ok(pool_options()
        .max_connections(MAX_OPERATOR_CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_lazy_with(primary.options.application_name("tidings operator")))
}

async fn find_primary_in_time(address: &DatabaseAddress) -> Result<Primary> {
    let deadline = Instant::now() + COMMAND_CONNECT_TIMEOUT;
    let outages = OutageLog::new("Connecting to Postgres");
    loop {
        let error = match postgres::find_primary(address).await {
            Ok(primary) => return Ok(primary),
            Err(error) if error.is_permanent() => return Err(anyhow!(error)),
            Err(error) => error,
        };
        if Instant::now() + COMMAND_RETRY_INTERVAL > deadline {
            let seconds = COMMAND_CONNECT_TIMEOUT.as_secs();
            return Err(anyhow!("{error} (gave up after {seconds} s)"));
        }
        outages.record_failure(&error);
        tokio::time::sleep(COMMAND_RETRY_INTERVAL).await;
    }
}

/// Fails permanently if the server is behind a pooler that shares sessions.
pub async fn refuse_transaction_pooling(options: &PgConnectOptions) -> Result<(), RetryError> {
    match postgres::shares_sessions(options).await {
        Ok(false) => return Ok(()),
        Ok(true) => {}
        Err(error) => return Err(RetryError::Transient(anyhow!(error))),
    }
    Err(RetryError::Permanent(anyhow!(
        "{} pools by transaction, which Tidings cannot use: its locks, settings and prepared \
         statements belong to a session. Let the pooler pool by session (in PgBouncer, \
         pool_mode = session), or connect to Postgres directly",
        postgres::describe_host(options)
    )))
}

/// Parses the address of a database, with options for connections that cannot block the log.
pub fn parse_database_address(database_url: &str) -> Result<DatabaseAddress> {
    let address =
        DatabaseAddress::parse(database_url).map_err(|error| UsageError(error.to_string()))?;
    Ok(address.map_options(|options| {
        let statements = [
            (
                "idle_in_transaction_session_timeout",
                IDLE_IN_TRANSACTION_TIMEOUT,
            ),
            // All statements are short. A stock server would compile the append statement each
            // time, which takes a hundred times as long as running it.
            ("jit", "off"),
        ];
        options.options(statements).options(TCP_SETTINGS)
    }))
}

/// Migrates the database of an operator command, which has just connected.
pub async fn migrate_once(pool: &PgPool) -> Result<()> {
    let migrated = migrations::apply(pool).await;
    migrated.context("cannot migrate the database")
}

/// Fails unless the schema of the database is the one that this program needs. Says what to do.
pub async fn require_current_schema(pool: &PgPool) -> Result<()> {
    let needed = migrations::newest_version();
    let found = migrations::applied_version(pool).await?;
    match found {
        Some(version) if version == needed => Ok(()),
        None => Err(UsageError(
            "there is no system in this database: create one with `tidings migrate`, or name \
             another database with --database-url"
                .into(),
        )
        .into()),
        Some(version) if version < needed => Err(anyhow!(
            "the database is at version {version}, and this program needs version {needed}: back \
             it up and run `tidings migrate`, or use the program of the running services"
        )),
        Some(version) => Err(anyhow!(
            "the database is at version {version}, and this program knows versions up to \
             {needed}: use the program of the running services"
        )),
    }
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
    retry::retry_until_ok(&OutageLog::new("Migrating the database"), attempt).await
}

/// Whether a retry may succeed: Postgres is unreachable, starting, stopping, out of resources or a
/// standby, or the database does not exist yet. A wrong password is permanent.
pub fn is_transient(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => {
            // SQLSTATE classes: 08 connection, 40 rollback, 53 resources, 57 operator intervention,
            // 3D no such database. 25006: a standby, which may be promoted.
            let code = error.code().unwrap_or_default();
            ["08", "25006", "40", "53", "57", "3D"]
                .iter()
                .any(|class| code.starts_with(class))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_address_is_a_usage_error_and_not_shown() {
        for url in [
            "s3cret",
            "mysql://u:s3cret@h/d",
            "postgres://u:s3cret@h:port/d",
        ] {
            let error = parse_database_address(url).expect_err("the address is invalid");
            assert!(error.is::<UsageError>(), "{error}");
            assert!(!format!("{error:#}").contains("s3cret"), "{error:#}");
        }
        parse_database_address("postgres://tidings@localhost/tidings?host=%2Ftmp%2Frun")
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
