//! Recognises a pooler between Tidings and Postgres.

use connectivity::postgres::{describe_host, shares_sessions};
use connectivity::timeout::{EXCHANGE_TIMEOUT, within};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Executor as _};

use super::finding::{Finding, RoleSessions};

/// A pooler is examined with the Postgres behind it.
pub(super) const SUBJECT: &str = "postgres";

/// The database that PgBouncer has for its own administration. Postgres normally has none of that
/// name.
const PGBOUNCER_DATABASE: &str = "pgbouncer";

/// The code of "no such database".
const NO_SUCH_DATABASE: &str = "3D000";

/// Says which kind of pooler there is, if any.
pub(super) async fn examine(options: &PgConnectOptions, roles: &[RoleSessions]) -> Finding {
    let host = describe_host(options);
    match shares_sessions(options).await {
        Ok(false) if is_pgbouncer(options).await => Finding::note(
            SUBJECT,
            format!(
                "PgBouncer at {host} pools by session: its pool_size must cover all processes \
                 together. They need {}, and one for each webhook",
                list(roles)
            ),
        ),
        Ok(false) => Finding::ok(SUBJECT, format!("no pooler at {host}")),
        Ok(true) => Finding::problem(
            SUBJECT,
            format!(
                "{host} pools by transaction, which Tidings cannot use: its locks, settings and \
                 prepared statements belong to a session. Let the pooler pool by session (in \
                 PgBouncer, pool_mode = session), or connect to Postgres directly"
            ),
        ),
        Err(error) => Finding::problem(
            SUBJECT,
            format!("two connections to {host} at the same time are not possible: {error}"),
        ),
    }
}

/// The roles with their numbers: "up 33 sessions, projector 9".
pub(super) fn list(roles: &[RoleSessions]) -> String {
    let each = roles
        .iter()
        .map(|need| format!("{} {}", need.role, need.sessions));
    let each: Vec<String> = each.collect();
    each.join(", ")
}

/// PgBouncer answers for its own database: with a session, or with a refusal that Postgres has not.
async fn is_pgbouncer(options: &PgConnectOptions) -> bool {
    let options = options.clone().database(PGBOUNCER_DATABASE);
    match within(EXCHANGE_TIMEOUT, options.connect()).await {
        Ok(mut connection) => connection.execute("SHOW POOLS").await.is_ok(),
        Err(sqlx::Error::Database(error)) => {
            let code = error.code().unwrap_or_default();
            // 28: the user may not connect to any database.
            code != NO_SUCH_DATABASE && !code.starts_with("28")
        }
        Err(_) => false,
    }
}
