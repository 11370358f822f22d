//! The schemas of a rebuild: the served tables, the shadow tables and the previous version.

use sqlx::Executor as _;
use sqlx::postgres::PgConnection;

use super::views;
use crate::session::PREVIOUS;
use crate::sql_quote::{quote_identifier, quote_literal};

/// How often to try to drop the previous version. Each attempt waits `lock_timeout` for its
/// readers. After the last one, the tables stay until the next rebuild.
const MAX_DROP_ATTEMPTS: usize = 6;

/// Whether a schema exists.
pub(super) async fn exists(
    connection: &mut PgConnection,
    schema: &str,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT to_regnamespace($1) IS NOT NULL")
        .bind(schema)
        .fetch_one(connection)
        .await
}

/// The comment of a schema, if it exists and has one.
pub(super) async fn comment(
    connection: &mut PgConnection,
    schema: &str,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT obj_description(to_regnamespace($1), 'pg_namespace')")
        .bind(schema)
        .fetch_one(connection)
        .await
}

/// Drops a schema with its tables, if it exists.
pub(super) async fn drop_schema(
    connection: &mut PgConnection,
    schema: &str,
) -> Result<(), sqlx::Error> {
    let schema = quote_identifier(schema);
    let statement = format!("DROP SCHEMA IF EXISTS {schema} CASCADE");
    connection.execute(statement.as_str()).await?;
    Ok(())
}

/// Renames a schema.
pub(super) async fn rename_schema(
    connection: &mut PgConnection,
    from: &str,
    to: &str,
) -> Result<(), sqlx::Error> {
    let (from, to) = (quote_identifier(from), quote_identifier(to));
    let statement = format!("ALTER SCHEMA {from} RENAME TO {to}");
    connection.execute(statement.as_str()).await?;
    Ok(())
}

/// Sets the comment of a schema.
pub(super) async fn set_comment(
    connection: &mut PgConnection,
    schema: &str,
    comment: &str,
) -> Result<(), sqlx::Error> {
    let (schema, comment) = (quote_identifier(schema), quote_literal(comment));
    let statement = format!("COMMENT ON SCHEMA {schema} IS {comment}");
    connection.execute(statement.as_str()).await?;
    Ok(())
}

/// Drops the previous version, if there is one, once it has no readers. It takes along what depends
/// on it, so no view may.
pub(super) async fn drop_previous(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    if !views::move_after_swap(connection).await? {
        return Ok(());
    }
    connection.execute("SET lock_timeout TO '5s'").await?;
    for _ in 0..MAX_DROP_ATTEMPTS {
        match drop_schema(connection, PREVIOUS).await {
            Err(sqlx::Error::Database(error)) => {
                tracing::info!(%error, "the old read model is still being read");
            }
            result => return result,
        }
    }
    tracing::warn!(
        "could not drop the old read model; it stays as schema read_old until the next rebuild"
    );
    Ok(())
}
