//! Restores a backup into an empty database, in one transaction.

use std::io::Read as _;

use anyhow::{Context as _, Result, bail};
use data_dir::{UsageError, format_count};
use event_log::log_end::{fetch_log_end, has_every_event};
use memchr::memchr_iter;
use sqlx::{PgConnection, PgPool};

use super::manifest::BackupTable;
use super::{BackupProgress, BackupReader, tables};

/// How many bytes are sent at a time.
const CHUNK_BYTES: usize = 256 * 1024;

/// Returns a [`UsageError`] if the database has content, or a schema that is newer than that of
/// the backup. A restore never mixes two systems.
pub async fn check_database_is_empty(pool: &PgPool, backup: &BackupReader) -> Result<()> {
    let mut connection = pool.acquire().await?;
    if let Some(table) = tables::find_content(&mut connection).await? {
        let text = format!("the database is not empty: {table} has rows; restore into a new one");
        return Err(UsageError(text).into());
    }
    let (found, expected) = (
        tables::schema_version(&mut connection).await?,
        backup.manifest.schema,
    );
    match found {
        Some(version) if version > expected => Err(UsageError(format!(
            "the database has schema {version}, but the backup has schema {expected}: restore into \
             a database without a schema, which is migrated afterwards"
        ))
        .into()),
        _ => Ok(()),
    }
}

/// Restores the tables of the backup. The database then has the schema of this program. If
/// anything fails, it stays as empty as before.
pub async fn restore_backup(
    pool: &PgPool,
    backup: &BackupReader,
    mut on_progress: impl FnMut(BackupProgress<'_>),
) -> Result<()> {
    // The rows have the form of the schema at that time; newer migrations convert them.
    migrations::apply_up_to(pool, backup.manifest.schema).await?;
    check_database_is_empty(pool, backup).await?;
    let mut transaction = pool.begin().await?;
    for table in &backup.manifest.tables {
        // Waits for writers, and keeps others out until the end.
        let name = table.name_sql();
        execute(&mut transaction, &format!("LOCK TABLE {name}")).await?;
        execute(&mut transaction, &format!("DELETE FROM {name}")).await?;
    }
    for table in &backup.manifest.tables {
        let name = format!("{}.{}", table.schema, table.name);
        let on_rows = |done| {
            on_progress(BackupProgress {
                name: &name,
                done,
                total: table.rows.max(done),
            });
        };
        copy_in(&mut transaction, backup, table, on_rows)
            .await
            .with_context(|| format!("cannot restore {name}"))?;
    }
    check_restored(&mut transaction, backup).await?;
    transaction.commit().await?;
    migrations::apply(pool).await?;
    Ok(())
}

async fn execute(connection: &mut PgConnection, sql: &str) -> Result<()> {
    sqlx::query(sql).execute(connection).await?;
    Ok(())
}

async fn copy_in(
    connection: &mut PgConnection,
    backup: &BackupReader,
    table: &BackupTable,
    mut on_rows: impl FnMut(u64),
) -> Result<()> {
    let mut rows = backup.read_rows(table)?;
    let sql = format!("COPY {} FROM STDIN", table.to_sql());
    let mut copy = connection.copy_in_raw(&sql).await?;
    let (mut chunk, mut sent) = (vec![0; CHUNK_BYTES], 0);
    loop {
        let count = match rows.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) => {
                copy.abort("the backup cannot be read").await?;
                return Err(error.into());
            }
        };
        copy.send(&chunk[..count]).await?;
        sent += memchr_iter(b'\n', &chunk[..count]).count() as u64;
        on_rows(sent);
    }
    let restored = copy.finish().await?;
    if restored != table.rows {
        bail!(
            "the manifest lists {}, but there are {restored}",
            format_count(table.rows, "row")
        );
    }
    reset_identity(connection, table).await
}

/// Lets the next generated id follow the restored ones.
async fn reset_identity(connection: &mut PgConnection, table: &BackupTable) -> Result<()> {
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT quote_ident(a.attname), pg_get_serial_sequence($1, a.attname)
           FROM pg_attribute a
          WHERE a.attrelid = $1::regclass AND a.attidentity <> '' AND NOT a.attisdropped",
    )
    .bind(table.name_sql())
    .fetch_all(&mut *connection)
    .await?;
    for (column, sequence) in columns {
        let sql = format!(
            "SELECT setval($1::regclass, greatest(max({column}), 1), max({column}) IS NOT NULL)
               FROM {}",
            table.name_sql()
        );
        sqlx::query(&sql)
            .bind(sequence)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Checks that the log ends where the manifest says, and has every event up to there.
async fn check_restored(connection: &mut PgConnection, backup: &BackupReader) -> Result<()> {
    let manifest = &backup.manifest;
    let end = fetch_log_end(connection).await?;
    let (found, log_id) = (end.cursor.to_string(), end.log_id.to_string());
    if found != manifest.cursor || log_id != manifest.log_id {
        bail!(
            "the restored log {log_id} ends at {found}; expected {} at {}",
            manifest.log_id,
            manifest.cursor
        );
    }
    if !has_every_event(connection).await? {
        bail!(
            "the restored log has gaps before position {}",
            manifest.position
        );
    }
    Ok(())
}
