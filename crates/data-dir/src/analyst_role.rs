//! The role of analysts, which can read the views of schema `analytics` and nothing else.

use anyhow::{Context as _, Result, anyhow, bail};
use sqlx::{Executor as _, PgPool, Postgres, Transaction};

use crate::reader_access::{READER_ROLE, is_refused, random_password, replace_user};
use crate::secret::SecretString;

/// The role. Others become members of it.
const ANALYST_ROLE: &str = "tidings_reader";

/// Lets the role read the views. A migration does the same, where it may create roles.
const GRANTS: [&str; 3] = [
    "GRANT USAGE ON SCHEMA analytics TO tidings_reader",
    "GRANT SELECT ON ALL TABLES IN SCHEMA analytics TO tidings_reader",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA analytics GRANT SELECT ON TABLES TO tidings_reader",
];

/// Takes away what releases before the views gave the role.
const REVOCATIONS: [&str; 3] = [
    "REVOKE ALL ON ALL TABLES IN SCHEMA log, read FROM tidings_reader",
    "REVOKE ALL ON SCHEMA log, read FROM tidings_reader",
    "REVOKE ALL ON public.events FROM tidings_reader",
];

/// A table that the role can read or change although it must not: somebody has changed the role.
const EXCESS: &str = "SELECT format('%I.%I', n.nspname, c.relname)
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname IN ('log', 'read', 'hooks', 'push', 'accounts', 'moderation', 'secrets',
                         'presence', 'audit', 'jobs', 'files')
     AND c.relkind = 'r'
     AND has_table_privilege('tidings_reader', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
     ORDER BY 1 LIMIT 1";

/// How a role that was created connects.
pub struct NewLogin {
    /// The address with this role as user, and without a password.
    url: String,
    /// The password. `None` for a private socket, whose directory protects it.
    password: Option<SecretString>,
}

impl NewLogin {
    /// Says how to connect, password included.
    pub fn describe(&self) -> String {
        let mut text = format!("created the role: {}\n", self.url);
        if let Some(password) = &self.password {
            let line = format!("its password, which is not kept: {}\n", password.reveal());
            text.push_str(&line);
        }
        text
    }
}

/// Decides which roles of Postgres are analysts.
pub struct AnalystRole<'a> {
    pool: &'a PgPool,
    url: &'a str,
}

impl<'a> AnalystRole<'a> {
    /// `pool` is connected to the database at `url`.
    pub fn new(pool: &'a PgPool, url: &'a str) -> Self {
        Self { pool, url }
    }

    /// Lets a role read the views of schema `analytics`. Creates it if there is none, and returns
    /// how it connects.
    pub async fn grant(&self, user: &str) -> Result<Option<NewLogin>> {
        check_name(user)?;
        let mut transaction = self.begin().await?;
        prepare_role(&mut transaction).await.map_err(explain)?;
        let excess: Option<String> = sqlx::query_scalar(EXCESS)
            .fetch_optional(&mut *transaction)
            .await?;
        if let Some(table) = excess {
            bail!(
                "the role {ANALYST_ROLE} has privileges on {table}, which an analyst must not \
                 have: revoke them, then grant again"
            );
        }
        let password = add_member(&mut transaction, user).await.map_err(explain)?;
        transaction.commit().await?;
        let Some(password) = password else {
            return Ok(None);
        };
        let is_socket = self.pool.connect_options().get_socket().is_some();
        Ok(Some(NewLogin {
            url: replace_user(self.url, user)?,
            password: (!is_socket).then(|| SecretString::new(password)),
        }))
    }

    /// Takes the views from a role again. The role stays. Returns false if it could not read them.
    pub async fn revoke(&self, user: &str) -> Result<bool> {
        check_name(user)?;
        let mut transaction = self.begin().await?;
        let is_member: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member
                 WHERE m.roleid = to_regrole('tidings_reader') AND r.rolname = $1)",
        )
        .bind(user)
        .fetch_one(&mut *transaction)
        .await?;
        if is_member {
            let membership = "SELECT format('REVOKE tidings_reader FROM %I', $1)";
            let revoked = execute_for(&mut transaction, membership, user).await;
            revoked.map_err(explain)?;
        }
        transaction.commit().await?;
        Ok(is_member)
    }

    async fn begin(&self) -> Result<Transaction<'static, Postgres>> {
        let mut transaction = self.pool.begin().await?;
        // Two that change the same role at the same time would fail.
        let locked =
            transaction.execute("SELECT pg_advisory_xact_lock(hashtext('tidings_reader'))");
        locked.await.context("cannot lock the role")?;
        Ok(transaction)
    }
}

fn check_name(user: &str) -> Result<()> {
    if [ANALYST_ROLE, READER_ROLE].contains(&user) {
        bail!("{user} is a role of Tidings: name the role of an analyst");
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    if user.is_empty() || user.len() > 63 || !user.chars().all(is_plain) {
        bail!("{user:?} is no name of a role: use 1 to 63 letters, digits, `_`, `-` and `.`");
    }
    Ok(())
}

/// Makes sure that the role exists and has its privileges.
async fn prepare_role(transaction: &mut Transaction<'_, Postgres>) -> Result<(), sqlx::Error> {
    if !role_exists(transaction, ANALYST_ROLE).await? {
        transaction
            .execute("CREATE ROLE tidings_reader NOLOGIN")
            .await?;
    }
    let had_tables: bool =
        sqlx::query_scalar("SELECT has_schema_privilege('tidings_reader', 'log', 'USAGE')")
            .fetch_one(&mut **transaction)
            .await?;
    let revocations = REVOCATIONS.iter().filter(|_| had_tables);
    for statement in GRANTS.iter().chain(revocations) {
        transaction.execute(*statement).await?;
    }
    let database: String = sqlx::query_scalar("SELECT current_database()")
        .fetch_one(&mut **transaction)
        .await?;
    let connect = "SELECT format('GRANT CONNECT ON DATABASE %I TO tidings_reader', $1)";
    execute_for(transaction, connect, &database).await
}

/// Makes a role a member. Creates it if there is none, and returns its password.
async fn add_member(
    transaction: &mut Transaction<'_, Postgres>,
    user: &str,
) -> Result<Option<String>, sqlx::Error> {
    let mut password = None;
    if !role_exists(transaction, user).await? {
        let new = password.insert(random_password());
        create_login(transaction, user, new).await?;
    }
    let membership = "SELECT format('GRANT tidings_reader TO %I', $1)";
    execute_for(transaction, membership, user).await?;
    Ok(password)
}

/// Creates a role that can log in, and whose sessions do not get in the way of others.
async fn create_login(
    transaction: &mut Transaction<'_, Postgres>,
    user: &str,
    password: &str,
) -> Result<(), sqlx::Error> {
    let statement: String = sqlx::query_scalar(
        "SELECT format('CREATE ROLE %I LOGIN CONNECTION LIMIT 10 PASSWORD %L', $1, $2)",
    )
    .bind(user)
    .bind(password)
    .fetch_one(&mut **transaction)
    .await?;
    transaction.execute(statement.as_str()).await?;
    for setting in [
        "SELECT format('ALTER ROLE %I SET default_transaction_read_only = on', $1)",
        "SELECT format('ALTER ROLE %I SET idle_in_transaction_session_timeout = ''5min''', $1)",
    ] {
        execute_for(transaction, setting, user).await?;
    }
    Ok(())
}

async fn role_exists(
    transaction: &mut Transaction<'_, Postgres>,
    role: &str,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)")
        .bind(role)
        .fetch_one(&mut **transaction)
        .await
}

/// Executes the statement that a query makes of a name.
async fn execute_for(
    transaction: &mut Transaction<'_, Postgres>,
    query: &str,
    name: &str,
) -> Result<(), sqlx::Error> {
    let statement: String = sqlx::query_scalar(query)
        .bind(name)
        .fetch_one(&mut **transaction)
        .await?;
    transaction.execute(statement.as_str()).await?;
    Ok(())
}

fn explain(error: sqlx::Error) -> anyhow::Error {
    if is_refused(&error) {
        return anyhow!(
            "the user of the database address may not do that: give it CREATEROLE, or let a \
             superuser create the roles and GRANT {ANALYST_ROLE} ({error})"
        );
    }
    anyhow!(error).context(format!("cannot grant {ANALYST_ROLE}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_needs_quoting_in_an_address_is_refused() {
        for name in ["ann", "ann-smith_2", "bi.metabase"] {
            check_name(name).expect(name);
        }
        for name in ["", "ann smith", "ann@host", "ann/x", "é", ANALYST_ROLE] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
