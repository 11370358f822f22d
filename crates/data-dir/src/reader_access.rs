//! A role of Postgres that can only read, for operators who query the database.
//!
//! The role is created when somebody first asks for it, because a migration may not create roles
//! everywhere. It may read the log, the read models, the view `events` and those of analysts, and
//! nothing else: the webhooks have secrets, and the accounts have hashes of passwords. Analysts get
//! another role, which reaches less ([`AnalystRole`](crate::AnalystRole)).

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitStatus;

use anyhow::{Context as _, Result, anyhow, bail};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Executor as _, PgPool, Postgres, Transaction};
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};
use uuid::Uuid;

use crate::secret::SecretString;

/// The role. A rebuild grants its tables to every role that reads the served ones.
pub(crate) const READER_ROLE: &str = "tidings_psql";

/// The name of its sessions in `pg_stat_activity`.
const READER_APPLICATION: &str = "tidings psql";

/// Creates the role. An open transaction would keep old rows, so it is ended.
const CREATE_ROLE: [&str; 4] = [
    "CREATE ROLE tidings_psql LOGIN CONNECTION LIMIT 10",
    "ALTER ROLE tidings_psql SET default_transaction_read_only = on",
    "ALTER ROLE tidings_psql SET idle_in_transaction_session_timeout = '5min'",
    "ALTER ROLE tidings_psql SET jit = off",
];

/// Lets it read. Repeated for tables that a migration has added.
const GRANTS: [&str; 3] = [
    "GRANT USAGE ON SCHEMA log, read, analytics, public TO tidings_psql",
    "GRANT SELECT ON ALL TABLES IN SCHEMA log, read, analytics TO tidings_psql",
    "GRANT SELECT ON public.events TO tidings_psql",
];

/// Whether the role lacks a table or a schema.
const LACKS_GRANTS: &str = "SELECT NOT has_schema_privilege('tidings_psql', 'log', 'USAGE')
        OR NOT has_schema_privilege('tidings_psql', 'read', 'USAGE')
        OR NOT has_schema_privilege('tidings_psql', 'analytics', 'USAGE')
        OR NOT has_table_privilege('tidings_psql', 'public.events', 'SELECT')
        OR EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                   WHERE n.nspname IN ('log', 'read', 'analytics') AND c.relkind IN ('r', 'v')
                   AND NOT has_table_privilege('tidings_psql', c.oid, 'SELECT'))";

/// Whether the role can do more than read: somebody has changed it, or made one of that name.
const IS_STRONGER: &str =
    "SELECT r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication
        OR EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid)
        OR EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                   WHERE n.nspname IN ('log', 'read', 'hooks', 'accounts', 'public')
                   AND c.relkind IN ('r', 'v')
                   AND has_table_privilege(r.oid, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE'))
     FROM pg_roles r WHERE r.rolname = 'tidings_psql'";

/// How long a password is valid. A session that has begun is not affected.
const PASSWORD_MINUTES: i32 = 10;

/// Postgres says that the user may not do this.
const INSUFFICIENT_PRIVILEGE: &str = "42501";

/// How to connect as the role.
pub struct ReaderAccess {
    /// The address with this role as user, and without a password.
    url: String,
    /// The password. `None` for a private socket, whose directory protects it.
    password: Option<SecretString>,
    options: PgConnectOptions,
}

impl ReaderAccess {
    /// Makes sure that the role exists and can only read, and gives it a password for a few
    /// minutes if the address needs one. `pool` is connected to the database at `url`.
    pub async fn prepare(pool: &PgPool, url: &str) -> Result<Self> {
        let prepared = prepare_role(pool).await;
        prepared.map_err(explain_privilege)?;
        let options = (*pool.connect_options()).clone();
        let password = match options.get_socket() {
            Some(_) => None,
            None => Some(set_password(pool).await?),
        };
        let options = options
            .username(READER_ROLE)
            .application_name(READER_APPLICATION);
        Ok(Self {
            url: replace_user(url, READER_ROLE)?,
            options: match &password {
                Some(password) => options.password(password.reveal()),
                None => options,
            },
            password,
        })
    }

    /// Opens a session.
    pub async fn connect(&self) -> Result<PgConnection> {
        let session = self.options.connect().await;
        session.with_context(|| format!("cannot connect as {READER_ROLE}"))
    }

    /// Runs the program psql in a session, and waits for its end.
    pub async fn run_psql(&self, psql: &Path, arguments: &[OsString]) -> Result<ExitStatus> {
        // Ctrl-C cancels a query of psql, and must not end this process.
        let _interrupts = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
        let mut command = Command::new(psql);
        command
            .arg(&self.url)
            .args(arguments)
            .env("PGAPPNAME", READER_APPLICATION);
        if let Some(password) = &self.password {
            command.env("PGPASSWORD", password.reveal());
        }
        let status = command.status().await;
        status.with_context(|| format!("cannot run {}", psql.display()))
    }
}

async fn prepare_role(pool: &PgPool) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    // Two that change the privileges of a table at the same time would fail.
    transaction
        .execute("SELECT pg_advisory_xact_lock(hashtext('tidings_psql'))")
        .await?;
    if query_flag(&mut transaction, IS_STRONGER).await?.is_none() {
        for statement in CREATE_ROLE {
            transaction.execute(statement).await?;
        }
    }
    if query_flag(&mut transaction, LACKS_GRANTS).await? == Some(true) {
        for statement in GRANTS {
            transaction.execute(statement).await?;
        }
    }
    if query_flag(&mut transaction, IS_STRONGER).await? != Some(false) {
        return Err(sqlx::Error::Protocol(format!(
            "the role {READER_ROLE} can do more than read; drop it (DROP OWNED BY {READER_ROLE}; \
             DROP ROLE {READER_ROLE}), and it is created again"
        )));
    }
    transaction.commit().await
}

async fn query_flag(
    transaction: &mut Transaction<'_, Postgres>,
    sql: &str,
) -> Result<Option<bool>, sqlx::Error> {
    sqlx::query_scalar(sql)
        .fetch_optional(&mut **transaction)
        .await
}

/// 64 random digits.
pub(crate) fn random_password() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

/// Gives the role a new password, which nobody has to know or to change.
async fn set_password(pool: &PgPool) -> Result<SecretString> {
    let password = random_password();
    let statement: String = sqlx::query_scalar(
        "SELECT format('ALTER ROLE tidings_psql PASSWORD %L VALID UNTIL %L', $1,
                       now() + make_interval(mins => $2))",
    )
    .bind(&password)
    .bind(PASSWORD_MINUTES)
    .fetch_one(pool)
    .await?;
    pool.execute(statement.as_str())
        .await
        .map_err(explain_privilege)?;
    Ok(SecretString::new(password))
}

/// Whether Postgres refused a statement because of missing privileges.
pub(crate) fn is_refused(error: &sqlx::Error) -> bool {
    let database_error = error.as_database_error();
    database_error
        .and_then(sqlx::error::DatabaseError::code)
        .is_some_and(|code| code == INSUFFICIENT_PRIVILEGE)
}

fn explain_privilege(error: sqlx::Error) -> anyhow::Error {
    match error {
        sqlx::Error::Protocol(text) => anyhow!(text),
        error if is_refused(&error) => anyhow!(
            "the user of the database address may not create the role {READER_ROLE} or grant it \
             what it needs: give that user CREATEROLE, or use psql with a role of your own \
             ({error})"
        ),
        error => anyhow!(error).context(format!("cannot prepare the role {READER_ROLE}")),
    }
}

/// The address with the role as user. The user and the password are also removed from the
/// parameters.
pub(crate) fn replace_user(url: &str, role: &str) -> Result<String> {
    let Some((scheme, rest)) = url.split_once("://") else {
        bail!("the address of the database has no scheme");
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    let hosts = authority
        .rsplit_once('@')
        .map_or(authority, |(_, hosts)| hosts);
    let (path, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    let kept: Vec<&str> = parameters
        .split('&')
        .filter(|pair| {
            let name = pair.split('=').next().unwrap_or_default();
            !name.is_empty() && !["user", "password"].contains(&name)
        })
        .collect();
    let parameters = match kept.join("&") {
        none if none.is_empty() => none,
        some => format!("?{some}"),
    };
    Ok(format!("{scheme}://{role}@{hosts}{path}{parameters}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_of_an_address_is_replaced_and_its_password_removed() {
        let cases = [
            (
                "postgres://ann:p@ss@a:1,b:2/chat?sslmode=require",
                "postgres://tidings_psql@a:1,b:2/chat?sslmode=require",
            ),
            (
                "postgres://tidings@localhost/tidings?host=%2Ftmp%2Frun",
                "postgres://tidings_psql@localhost/tidings?host=%2Ftmp%2Frun",
            ),
            (
                "postgresql://db/chat?user=ann&password=x&sslmode=require",
                "postgresql://tidings_psql@db/chat?sslmode=require",
            ),
            (
                "postgres://db/chat?password=x",
                "postgres://tidings_psql@db/chat",
            ),
            ("postgres://db", "postgres://tidings_psql@db"),
        ];
        for (url, expected) in cases {
            assert_eq!(
                replace_user(url, READER_ROLE).expect("an address"),
                expected
            );
        }
    }
}
