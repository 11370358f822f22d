//! The empty tables of a rebuild: like those that are served, whatever migrations have made them.

use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Executor as _};

use crate::session::REBUILD;

/// Indexes that the fold itself looks into. All others are made when the tables are full, which
/// is several times as fast as keeping them up.
const NEEDED_BY_THE_FOLD: [&str; 3] = ["stays_by_user", "messages_by_position", "parked_by_source"];

/// Tables into which the fold puts rows and never looks: their keys too are made when they are full. Nothing of
/// that depends on keys that refuse a double: each event is folded once, as the checkpoint says.
const ONLY_WRITTEN_BY_THE_FOLD: [&str; 4] =
    ["inbox", "member_history", "reaction_history", "ack_history"];

/// Whether what an earlier rebuild left behind can be gone on with: it was made by the same program in the
/// same way, of tables of the same shape.
pub(super) async fn can_resume(keeper: &mut PgConnection, made: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "WITH shape AS (
            SELECT n.nspname AS schema, string_agg(format('%s.%s %s', c.relname, a.attname, a.atttypid), ',' \
                                                   ORDER BY c.relname, a.attnum) AS columns
            FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind = 'r'
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE n.nspname IN ('read', 'read_rebuild') GROUP BY n.nspname)
         SELECT count(DISTINCT s.columns) = 1 AND count(*) = 2
            AND coalesce(obj_description(to_regnamespace('read_rebuild'), 'pg_namespace'), '') = $1
         FROM shape s",
    )
    .bind(made)
    .fetch_one(keeper)
    .await
}

/// The statements that make the keys and indexes which the rebuilt tables do not have yet.
pub(super) async fn missing_indexes(keeper: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    let there: Vec<String> = sqlx::query_scalar(
        "SELECT indexname::text FROM pg_indexes WHERE schemaname = 'read_rebuild'",
    )
    .fetch_all(&mut *keeper)
    .await?;
    let keys = key_statements(keeper).await?.into_iter();
    let keys = keys.map(|key| (key.name, key.statement));
    let all = keys.chain(index_statements(keeper).await?);
    let missing = all.filter(|(name, _)| !there.contains(name));
    Ok(missing.map(|(_, statement)| statement).collect())
}

/// Makes schema and tables, with their keys, and the checkpoint at the beginning of the log.
/// Whatever an earlier rebuild left behind is dropped. `made` says how, for one that goes on.
pub(super) async fn create(keeper: &mut PgConnection, made: &str) -> Result<(), sqlx::Error> {
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
    for key in key_statements(&mut transaction).await? {
        if !ONLY_WRITTEN_BY_THE_FOLD.contains(&key.table.as_str()) {
            transaction.execute(key.statement.as_str()).await?;
        }
    }
    for (name, statement) in index_statements(&mut transaction).await? {
        if NEEDED_BY_THE_FOLD.contains(&name.as_str()) {
            transaction.execute(statement.as_str()).await?;
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
    let made = made.replace('\'', "''");
    transaction
        .execute(format!("COMMENT ON SCHEMA read_rebuild IS '{made}'").as_str())
        .await?;
    transaction.commit().await
}

/// Makes the remaining keys and indexes, and tells the planner what the tables hold.
pub(super) async fn finish(keeper: &mut PgConnection) -> Result<(), sqlx::Error> {
    for statement in &missing_indexes(keeper).await? {
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

/// A key of a table, and what makes it for the rebuilt one.
#[derive(sqlx::FromRow)]
struct KeyStatement {
    table: String,
    /// Of the constraint, and of its index.
    name: String,
    statement: String,
}

async fn key_statements(connection: &mut PgConnection) -> Result<Vec<KeyStatement>, sqlx::Error> {
    sqlx::query_as(
        "SELECT c.relname::text AS table, k.conname::text AS name, \
         format('ALTER TABLE read_rebuild.%I ADD CONSTRAINT %I %s', c.relname, k.conname, \
         pg_get_constraintdef(k.oid)) AS statement \
         FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid \
         WHERE c.relnamespace = 'read'::regnamespace AND k.contype IN ('p', 'u') ORDER BY 1, 2",
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
