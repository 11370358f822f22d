//! Creates the empty tables of a rebuild, copying the definitions of the served tables whatever
//! migrations created them.

use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Executor as _};

use super::schemas;
use crate::config::ProjectorConfig;
use crate::session::REBUILD;

/// Indexes that the fold itself reads. All others are created once the tables are full, which is
/// several times as fast as maintaining them during the fold.
const FOLD_INDEXES: [&str; 6] = [
    "stays_by_user",
    "messages_by_position",
    "parked_by_source",
    "messages_by_file",
    "scheduled_by_file",
    "held_by_file",
];

/// Tables that the fold writes and never reads: their keys too are created once they are full. The
/// fold does not need unique keys to reject duplicates, because the checkpoint ensures that each
/// event is folded once.
const WRITE_ONLY_TABLES: [&str; 5] = [
    "inbox",
    "member_history",
    "reaction_history",
    "ack_history",
    "audit",
];

/// Lets every role read the new tables that can read the served ones: the swap replaces those, and
/// `LIKE` copies no privileges.
const COPY_GRANTS: &str = "DO $$
    DECLARE granted record;
    BEGIN
        FOR granted IN
            SELECT format('GRANT USAGE ON SCHEMA read_rebuild TO %s', a.grantee::regrole) AS statement
            FROM pg_namespace n, aclexplode(n.nspacl) a
            WHERE n.nspname = 'read' AND a.grantee NOT IN (0, n.nspowner) AND a.privilege_type = 'USAGE'
            UNION ALL
            SELECT format('GRANT SELECT ON read_rebuild.%I TO %s', c.relname, a.grantee::regrole)
            FROM pg_class c, aclexplode(c.relacl) a
            WHERE c.relnamespace = 'read'::regnamespace AND c.relkind = 'r'
            AND a.grantee NOT IN (0, c.relowner) AND a.privilege_type = 'SELECT'
        LOOP
            EXECUTE granted.statement;
        END LOOP;
    END $$";

/// Identifies how tables were built: only a rebuild with the same fingerprint can resume them.
pub(super) fn build_fingerprint(config: &ProjectorConfig) -> String {
    format!(
        "made by {}, fan-out up to {}",
        env!("CARGO_PKG_VERSION"),
        config.fanout_threshold
    )
}

/// Whether an interrupted rebuild can be resumed: it has the same build fingerprint, and its tables
/// have the same columns as the served ones.
pub(super) async fn can_resume(
    connection: &mut PgConnection,
    fingerprint: &str,
) -> Result<bool, sqlx::Error> {
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
    .bind(fingerprint)
    .fetch_one(connection)
    .await
}

/// Returns the statements that create the keys and indexes that the rebuilt tables still lack.
pub(super) async fn missing_indexes(
    connection: &mut PgConnection,
) -> Result<Vec<String>, sqlx::Error> {
    let existing: Vec<String> = sqlx::query_scalar(
        "SELECT indexname::text FROM pg_indexes WHERE schemaname = 'read_rebuild'",
    )
    .fetch_all(&mut *connection)
    .await?;
    let keys = key_statements(connection).await?.into_iter();
    let keys = keys.map(|key| (key.name, key.statement));
    let all = keys.chain(index_statements(connection).await?);
    let missing = all.filter(|(name, _)| !existing.contains(name));
    Ok(missing.map(|(_, statement)| statement).collect())
}

/// Creates the schema, the tables with their keys, and a checkpoint at the beginning of the log.
/// Drops the remains of an earlier rebuild. `fingerprint` is stored for a rebuild that resumes this
/// one.
pub(super) async fn create(
    connection: &mut PgConnection,
    fingerprint: &str,
) -> Result<(), sqlx::Error> {
    schemas::drop_schema(connection, REBUILD).await?;
    let mut transaction = connection.begin().await?;
    transaction.execute("CREATE SCHEMA read_rebuild").await?;
    for statement in table_statements(&mut transaction).await? {
        transaction.execute(statement.as_str()).await?;
    }
    for key in key_statements(&mut transaction).await? {
        if !WRITE_ONLY_TABLES.contains(&key.table.as_str()) {
            transaction.execute(key.statement.as_str()).await?;
        }
    }
    for (name, statement) in index_statements(&mut transaction).await? {
        if FOLD_INDEXES.contains(&name.as_str()) {
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
    transaction.execute(COPY_GRANTS).await?;
    schemas::set_comment(&mut transaction, REBUILD, fingerprint).await?;
    transaction.commit().await
}

/// Creates the remaining keys and indexes, and analyzes the tables for the planner.
pub(super) async fn finish(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    for statement in &missing_indexes(connection).await? {
        connection.execute(statement.as_str()).await?;
    }
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT format('ANALYZE %I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = $1",
    )
    .bind(REBUILD)
    .fetch_all(&mut *connection)
    .await?;
    for statement in tables {
        connection.execute(statement.as_str()).await?;
    }
    Ok(())
}

/// Returns the statements that create the tables. `LIKE` copies columns, defaults and checks but
/// not storage parameters or index names; those are copied explicitly.
async fn table_statements(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT format('CREATE TABLE read_rebuild.%1$I (LIKE read.%1$I INCLUDING ALL EXCLUDING INDEXES)', \
         c.relname) || coalesce(' WITH (' || array_to_string(c.reloptions, ', ') || ')', '') \
         FROM pg_class c WHERE c.relnamespace = 'read'::regnamespace AND c.relkind = 'r' ORDER BY 1",
    )
    .fetch_all(connection)
    .await
}

/// A key of a table, and the statement that creates it on the rebuilt table.
#[derive(sqlx::FromRow)]
struct KeyStatement {
    table: String,
    /// The name of the constraint and of its index.
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

/// Returns the indexes other than keys: names and the statements that create them.
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
