//! The empty tables of a rebuild: like those that are served, whatever migrations have made them.

use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Executor as _};

use crate::session::REBUILD;

/// Indexes that the fold itself looks into. All others are made when the tables are full, which
/// is several times as fast as keeping them up.
const NEEDED_BY_THE_FOLD: [&str; 3] = ["stays_by_user", "messages_by_position", "parked_by_source"];

/// Makes schema and tables, with their keys, and the checkpoint at the beginning of the log.
/// Whatever an earlier rebuild left behind is dropped. Answers the statements that make the
/// remaining indexes.
pub(super) async fn create(keeper: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    keeper
        .execute("DROP SCHEMA IF EXISTS read_rebuild CASCADE")
        .await?;
    keeper
        .execute("DROP SCHEMA IF EXISTS read_old CASCADE")
        .await?;
    let mut transaction = keeper.begin().await?;
    transaction.execute("CREATE SCHEMA read_rebuild").await?;
    for statement in table_statements(&mut transaction).await? {
        transaction.execute(statement.as_str()).await?;
    }
    for statement in key_statements(&mut transaction).await? {
        transaction.execute(statement.as_str()).await?;
    }
    let mut later = Vec::new();
    for (name, statement) in index_statements(&mut transaction).await? {
        if NEEDED_BY_THE_FOLD.contains(&name.as_str()) {
            transaction.execute(statement.as_str()).await?;
        } else {
            later.push(statement);
        }
    }
    transaction
        .execute(
            "INSERT INTO read_rebuild.checkpoint \
             (one, position, floor, users, conversations, generation, event_time, numbering) \
             SELECT true, 0, coalesce(max(floor), 0), 0, 0, coalesce(max(generation), 0), 'epoch', \
             coalesce(max(numbering), 0) \
             FROM read.checkpoint",
        )
        .await?;
    transaction.commit().await?;
    Ok(later)
}

/// Makes the remaining indexes, and tells the planner what the tables hold.
pub(super) async fn finish(keeper: &mut PgConnection, later: &[String]) -> Result<(), sqlx::Error> {
    for statement in later {
        keeper.execute(statement.as_str()).await?;
    }
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT format('ANALYZE %I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = $1",
    )
    .bind(REBUILD)
    .fetch_all(&mut *keeper)
    .await?;
    for statement in tables {
        keeper.execute(statement.as_str()).await?;
    }
    Ok(())
}

/// `LIKE` copies columns, defaults and checks, and neither storage parameters nor the names of
/// indexes: those are copied here.
async fn table_statements(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT format('CREATE TABLE read_rebuild.%1$I (LIKE read.%1$I INCLUDING ALL EXCLUDING INDEXES)', \
         c.relname) || coalesce(' WITH (' || array_to_string(c.reloptions, ', ') || ')', '') \
         FROM pg_class c WHERE c.relnamespace = 'read'::regnamespace AND c.relkind = 'r' ORDER BY 1",
    )
    .fetch_all(connection)
    .await
}

async fn key_statements(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT format('ALTER TABLE read_rebuild.%I ADD CONSTRAINT %I %s', c.relname, k.conname, \
         pg_get_constraintdef(k.oid)) FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid \
         WHERE c.relnamespace = 'read'::regnamespace AND k.contype IN ('p', 'u') ORDER BY 1",
    )
    .fetch_all(connection)
    .await
}

/// The indexes that are no keys, by name.
async fn index_statements(
    connection: &mut PgConnection,
) -> Result<Vec<(String, String)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT i.relname::text, replace(pg_get_indexdef(x.indexrelid), \
         format(' ON read.%I ', c.relname), format(' ON read_rebuild.%I ', c.relname)) \
         FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid \
         WHERE c.relnamespace = 'read'::regnamespace \
         AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = x.indexrelid) ORDER BY 1",
    )
    .fetch_all(connection)
    .await
}
