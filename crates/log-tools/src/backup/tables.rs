//! The tables that belong to a backup, as the catalog of Postgres lists them. A table that a later
//! migration adds is in later backups without a change here.

use anyhow::Result;
use sqlx::PgConnection;

use super::manifest::{BackupTable, SCHEMAS};

/// Tables of these schemas that only matter for a while or can be derived: schema and table. Each
/// start issues new setup codes.
const CACHES: [(&str, &str); 3] = [
    ("log", "snapshots"),
    ("accounts", "attempts"),
    ("accounts", "setup_codes"),
];

/// The tables in which the migrations leave rows: schema and table. All others are empty in a new
/// database.
const FILLED_BY_MIGRATIONS: [(&str, &str); 6] = [
    ("accounts", "place"),
    ("log", "head"),
    ("log", "epochs"),
    ("log", "erasure"),
    ("log", "retention"),
    ("read", "checkpoint"),
];

/// Lists the tables of a backup with their columns. Tables that refer to others come last.
pub(super) async fn list_tables(connection: &mut PgConnection) -> Result<Vec<BackupTable>> {
    let rows: Vec<(String, String, Vec<String>)> = sqlx::query_as(
        "SELECT n.nspname::text, c.relname::text,
                array_agg(a.attname::text ORDER BY a.attnum)
           FROM pg_class c
           JOIN pg_namespace n ON n.oid = c.relnamespace
           JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
          WHERE c.relkind = 'r' AND n.nspname = ANY($1) AND a.attgenerated = ''
          GROUP BY c.oid, n.nspname, c.relname
          ORDER BY EXISTS (SELECT 1 FROM pg_constraint k
                            WHERE k.conrelid = c.oid AND k.contype = 'f'),
                   n.nspname, c.relname",
    )
    .bind(SCHEMAS.map(str::to_owned).to_vec())
    .fetch_all(connection)
    .await?;
    let tables = rows
        .into_iter()
        .filter(|(schema, name, _)| !CACHES.contains(&(schema.as_str(), name.as_str())))
        .map(|(schema, name, columns)| BackupTable {
            file: format!("{schema}.{name}.copy.zst"),
            schema,
            name,
            columns,
            rows: 0,
        });
    Ok(tables.collect())
}

/// The number of the newest migration that the database has; `None` if it has none.
pub(super) async fn schema_version(connection: &mut PgConnection) -> Result<Option<i64>> {
    let is_migrated: bool =
        sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
            .fetch_one(&mut *connection)
            .await?;
    if !is_migrated {
        return Ok(None);
    }
    Ok(
        sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations WHERE success")
            .fetch_one(connection)
            .await?,
    )
}

/// A table with rows that no migration has written; `None` if the database is new.
pub(crate) async fn find_content(connection: &mut PgConnection) -> Result<Option<String>> {
    let tables: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT n.nspname::text, c.relname::text, format('%I.%I', n.nspname, c.relname)
           FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE c.relkind = 'r' AND n.nspname = ANY($1) ORDER BY 1, 2",
    )
    .bind(vec!["log", "hooks", "accounts", "read"])
    .fetch_all(&mut *connection)
    .await?;
    for (schema, name, quoted) in tables {
        let table = (schema.as_str(), name.as_str());
        if FILLED_BY_MIGRATIONS.contains(&table) || CACHES.contains(&table) {
            continue;
        }
        let has_rows: bool = sqlx::query_scalar(&format!("SELECT EXISTS (SELECT 1 FROM {quoted})"))
            .fetch_one(&mut *connection)
            .await?;
        if has_rows {
            return Ok(Some(format!("{schema}.{name}")));
        }
    }
    Ok(None)
}
