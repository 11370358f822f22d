//! Fingerprints of the tables: two read models are equal if all of them are.

use futures::TryStreamExt as _;
use sha2::{Digest as _, Sha256};
use sqlx::{Executor as _, PgConnection, PgPool};

/// One table's content.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TableDigest {
    /// The table's name, without the schema.
    pub table: String,
    /// How many rows it has.
    pub rows: u64,
    /// 128 bits over all rows in the order of the primary key, as hexadecimal digits.
    pub digest: String,
}

/// The tables of a read model, by name. `schema` is `read`, or that of a rebuild. All tables are
/// read in one snapshot, row by row: the memory needed does not grow with them. The checkpoint's
/// generation and numbering are left out: they say which build this is, not what was folded. So are what
/// the read models were, as long as the served ones do not know it from the beginning.
pub async fn digest(pool: &PgPool, schema: &str) -> Result<Vec<TableDigest>, sqlx::Error> {
    let mut snapshot = pool.begin().await?;
    snapshot
        .execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        .await?;
    let digests = of_tables(&mut snapshot, schema).await?;
    snapshot.commit().await?;
    Ok(digests)
}

/// The same within a transaction that shows one snapshot.
pub(crate) async fn of_tables(
    snapshot: &mut PgConnection,
    schema: &str,
) -> Result<Vec<TableDigest>, sqlx::Error> {
    snapshot
        .execute("SET LOCAL timezone TO 'UTC'; SET LOCAL datestyle TO 'ISO'")
        .await?;
    let mut digests = Vec::new();
    for (table, columns, key) in tables(snapshot, schema).await? {
        digests.push(of_table(snapshot, schema, table, &columns, &key).await?);
    }
    Ok(digests)
}

/// Every table with its columns and the columns of its primary key, both quoted and in order.
async fn tables(
    connection: &mut PgConnection,
    schema: &str,
) -> Result<Vec<(String, String, String)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT c.relname::text, \
         (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a \
          WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
          AND NOT (c.relname = 'checkpoint' AND a.attname IN ('generation', 'numbering', 'past_from'))), \
         (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY k.place) \
          FROM unnest(i.indkey) WITH ORDINALITY AS k(attnum, place) \
          JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum) \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary \
         WHERE n.nspname = $1 AND c.relkind = 'r' \
         AND NOT (right(c.relname, 8) = '_history' AND (SELECT past_from > 0 FROM read.checkpoint)) \
         ORDER BY c.relname",
    )
    .bind(schema)
    .fetch_all(connection)
    .await
}

async fn of_table(
    connection: &mut PgConnection,
    schema: &str,
    table: String,
    columns: &str,
    key: &str,
) -> Result<TableDigest, sqlx::Error> {
    // As text with a line for each row: a line break within a value is written as two other characters. Rows that
    // are read by a query cost several times as much as what is done with them here.
    let sql = format!(
        "COPY (SELECT {columns} FROM {}.{} ORDER BY {key}) TO STDOUT",
        quoted(schema),
        quoted(&table)
    );
    let mut hash = Sha256::new();
    let mut rows = 0;
    let mut lines = connection.copy_out_raw(&sql).await?;
    while let Some(some) = lines.try_next().await? {
        hash.update(&some);
        rows += some.split(|byte| *byte == b'\n').count() as u64 - 1;
    }
    drop(lines);
    let mut half = [0; 16];
    half.copy_from_slice(&hash.finalize()[..16]);
    let digest = format!("{:032x}", u128::from_be_bytes(half));
    Ok(TableDigest {
        table,
        rows,
        digest,
    })
}

/// As an SQL identifier.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
