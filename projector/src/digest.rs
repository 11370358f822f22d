//! Table fingerprints: two read models are equal if the fingerprints of all tables are.

use futures::TryStreamExt as _;
use sha2::{Digest as _, Sha256};
use sqlx::{Executor as _, PgConnection, PgPool, Postgres, Transaction};

use crate::sql_quote::quote_identifier;

/// The fingerprint of one table's content.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TableDigest {
    /// The table's name, without the schema.
    pub table: String,
    /// The number of rows.
    pub rows: u64,
    /// The first 128 bits of the SHA-256 over all rows in primary-key order, as hexadecimal digits.
    pub digest: String,
}

/// Computes the fingerprint of every table of a read model, ordered by table name.
///
/// `schema` is `read`, or the schema of a rebuild. All tables are read in one snapshot, row by row,
/// so memory use does not grow with their size. The checkpoint's `tag`, `generation`,
/// `numbering` and `past_from` are excluded: they identify the log and the build, not the content.
/// The history tables are excluded too if the served ones do not reach back to the beginning of the
/// log.
pub async fn digest(pool: &PgPool, schema: &str) -> Result<Vec<TableDigest>, sqlx::Error> {
    let mut snapshot = begin_snapshot(pool).await?;
    let digests = digest_tables(&mut snapshot, schema).await?;
    snapshot.commit().await?;
    Ok(digests)
}

/// Begins a read-only transaction that reads from one snapshot.
pub(crate) async fn begin_snapshot(
    pool: &PgPool,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    transaction
        .execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        .await?;
    Ok(transaction)
}

/// Does the same within a transaction that reads from one snapshot.
pub(crate) async fn digest_tables(
    snapshot: &mut PgConnection,
    schema: &str,
) -> Result<Vec<TableDigest>, sqlx::Error> {
    snapshot
        .execute("SET LOCAL timezone TO 'UTC'; SET LOCAL datestyle TO 'ISO'")
        .await?;
    let mut digests = Vec::new();
    for (table, columns, key) in list_tables(snapshot, schema).await? {
        digests.push(digest_table(snapshot, schema, table, &columns, &key).await?);
    }
    Ok(digests)
}

/// Lists every table with its columns and its primary-key columns, both quoted and in order.
async fn list_tables(
    connection: &mut PgConnection,
    schema: &str,
) -> Result<Vec<(String, String, String)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT c.relname::text, \
         (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a \
          WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
          AND NOT (c.relname = 'checkpoint' AND a.attname IN ('tag', 'generation', 'numbering', 'past_from'))), \
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

async fn digest_table(
    connection: &mut PgConnection,
    schema: &str,
    table: String,
    columns: &str,
    key: &str,
) -> Result<TableDigest, sqlx::Error> {
    // `COPY` writes one line per row and escapes line breaks within values. Fetching the rows with
    // a query would cost several times as much as hashing them.
    let sql = format!(
        "COPY (SELECT {columns} FROM {}.{} ORDER BY {key}) TO STDOUT",
        quote_identifier(schema),
        quote_identifier(&table)
    );
    let mut hash = Sha256::new();
    let mut rows = 0;
    let mut lines = connection.copy_out_raw(&sql).await?;
    while let Some(chunk) = lines.try_next().await? {
        hash.update(&chunk);
        rows += chunk.split(|byte| *byte == b'\n').count() as u64 - 1;
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
