//! Removes erased data from the files of the database.
//!
//! Postgres writes a changed row to another place and leaves the old version until something
//! overwrites it, and the write-ahead log contains everything that was written for as long as its
//! files exist. So [`rewrite`] copies the events into a new table while appending continues: only
//! erasure changes stored events, and it is blocked during the copy. The new table then replaces
//! the old one, whose file is deleted. Finally [`recycle_wal`] cycles the write-ahead log until all
//! of its files are overwritten.
//!
//! The read models are rewritten by their own rebuild, which belongs between [`rewrite`] and
//! [`recycle_wal`].

use std::time::Duration;

use migrations::move_views;
use sqlx::{Connection as _, Executor as _, PgConnection, PgPool};

use crate::sealing_lock;

/// How many events are copied in one transaction.
const BATCH_LIMIT: i64 = 50_000;

/// How many attempts the swap gets: a long read of the log may block it, and appends must not queue
/// behind the waiting swap.
const MAX_SWAP_ATTEMPTS: u32 = 30;

/// The pause between two attempts to swap.
const SWAP_RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// Small tables that may contain erased data: salts or titles in dead rows, and column values in
/// the statistics of the planner.
const SMALL_TABLES: [&str; 3] = ["log.seals", "log.snapshots", "pg_catalog.pg_statistic"];

/// The progress of copying the events.
#[derive(Debug, Clone, Copy)]
pub struct RewriteProgress {
    /// The position up to which events have been copied.
    pub position: i64,
    /// The head of the log.
    pub head: i64,
}

/// The outcome of recycling the write-ahead log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WalOutcome {
    /// This many files were overwritten.
    Recycled(i64),
    /// The files were not overwritten and may still contain erased data. Contains the reason.
    Skipped(String),
}

/// Rewrites the tables of the log. Returns the position of the last erasure event whose data is
/// gone from the files then.
pub async fn rewrite(
    pool: &PgPool,
    mut on_progress: impl FnMut(RewriteProgress),
) -> Result<i64, sqlx::Error> {
    // The lock blocks erasure and sealing for as long as this connection lives.
    let mut connection = sealing_lock::connect_with_lock(pool).await?;
    let erased: i64 = sqlx::query_scalar("SELECT position FROM log.erasure")
        .fetch_one(&mut connection)
        .await?;
    create_shadow_table(&mut connection).await?;
    let mut position = copy_to_head(&mut connection, 0, &mut on_progress).await?;
    create_indexes(&mut connection).await?;
    position = copy_to_head(&mut connection, position, &mut on_progress).await?;
    swap_tables(&mut connection, position).await?;
    for table in SMALL_TABLES {
        if let Err(error) = connection
            .execute(format!("VACUUM FULL {table}").as_str())
            .await
        {
            tracing::warn!(table, %error, "failed to rewrite a table; its file may still contain erased data");
        }
    }
    connection.close().await?;
    Ok(erased)
}

/// Records that data erased up to a position is gone from the files.
pub async fn record_scrubbed(pool: &PgPool, position: i64) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE log.erasure SET files_at = greatest(files_at, $1)")
        .bind(position)
        .execute(pool)
        .await?;
    Ok(())
}

/// Creates the new table without indexes: they are created after it is filled.
async fn create_shadow_table(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    connection
        .execute("DROP SCHEMA IF EXISTS log_rewrite CASCADE")
        .await?;
    let mut transaction = connection.begin().await?;
    transaction.execute("CREATE SCHEMA log_rewrite").await?;
    let table: String = sqlx::query_scalar(
        "SELECT 'CREATE TABLE log_rewrite.events (LIKE log.events INCLUDING ALL EXCLUDING INDEXES)'
             || coalesce(' WITH (' || array_to_string(c.reloptions, ', ') || ')', '')
         FROM pg_class c WHERE c.oid = 'log.events'::regclass",
    )
    .fetch_one(&mut *transaction)
    .await?;
    transaction.execute(table.as_str()).await?;
    transaction.commit().await
}

async fn copy_to_head(
    connection: &mut PgConnection,
    mut position: i64,
    on_progress: &mut impl FnMut(RewriteProgress),
) -> Result<i64, sqlx::Error> {
    let head: i64 = sqlx::query_scalar("SELECT position FROM log.head")
        .fetch_one(&mut *connection)
        .await?;
    while position < head {
        let to = head.min(position + BATCH_LIMIT);
        copy_range(connection, position, to).await?;
        position = to;
        on_progress(RewriteProgress { position, head });
    }
    Ok(position)
}

async fn copy_range(connection: &mut PgConnection, after: i64, to: i64) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO log_rewrite.events SELECT * FROM log.events e
         WHERE e.position > $1 AND e.position <= $2 ORDER BY e.position",
    )
    .bind(after)
    .bind(to)
    .execute(connection)
    .await?;
    Ok(())
}

/// Creates the constraints and indexes of the old table on the new one, with the same names.
async fn create_indexes(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let statements: Vec<String> = sqlx::query_scalar(
        "SELECT format('ALTER TABLE log_rewrite.events ADD CONSTRAINT %I %s', k.conname,
                       pg_get_constraintdef(k.oid))
         FROM pg_constraint k WHERE k.conrelid = 'log.events'::regclass AND k.contype IN ('p', 'u')
         UNION ALL
         SELECT replace(pg_get_indexdef(x.indexrelid), ' ON log.events ', ' ON log_rewrite.events ')
         FROM pg_index x WHERE x.indrelid = 'log.events'::regclass
         AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = x.indexrelid)",
    )
    .fetch_all(&mut *connection)
    .await?;
    for statement in statements {
        connection.execute(statement.as_str()).await?;
    }
    connection.execute("ANALYZE log_rewrite.events").await?;
    Ok(())
}

async fn swap_tables(connection: &mut PgConnection, position: i64) -> Result<(), sqlx::Error> {
    connection.execute("SET lock_timeout TO '1s'").await?;
    for _ in 1..MAX_SWAP_ATTEMPTS {
        match try_swap_tables(connection, position).await {
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("55P03") => {
                tracing::info!("another transaction is reading the log; waiting to swap its table");
                tokio::time::sleep(SWAP_RETRY_INTERVAL).await;
            }
            done => return done,
        }
    }
    try_swap_tables(connection, position).await
}

/// Swaps the tables. Appends are blocked for the duration.
async fn try_swap_tables(connection: &mut PgConnection, position: i64) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    transaction
        .execute("LOCK TABLE log.events IN ACCESS EXCLUSIVE MODE")
        .await?;
    copy_range(&mut transaction, position, i64::MAX).await?;
    for statement in [
        "CREATE SCHEMA log_rewrite_old",
        "ALTER TABLE log.events SET SCHEMA log_rewrite_old",
        "ALTER TABLE log_rewrite.events SET SCHEMA log",
        "DROP SCHEMA log_rewrite",
    ] {
        transaction.execute(statement).await?;
    }
    move_views(&mut transaction, "log_rewrite_old", "log").await?;
    transaction
        .execute("DROP SCHEMA log_rewrite_old CASCADE")
        .await?;
    transaction.commit().await
}

/// Cycles the write-ahead log until each of its files is overwritten. Requires a superuser.
pub async fn recycle_wal(pool: &PgPool) -> Result<WalOutcome, sqlx::Error> {
    match rotate_wal_files(pool).await {
        Ok(files) => Ok(WalOutcome::Recycled(files)),
        Err(sqlx::Error::Database(error)) => Ok(WalOutcome::Skipped(error.message().to_owned())),
        Err(error) => Err(error),
    }
}

/// Overwrites each file of the write-ahead log, and returns their number. A checkpoint renames
/// files that are no longer needed for reuse, and a switch to the next file fills the rest of the
/// current one with zeros. The file in use at the first checkpoint can be reused only after the
/// second, so all of this is done twice.
async fn rotate_wal_files(pool: &PgPool) -> Result<i64, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let mut recycled = 0;
    for _ in 0..2 {
        connection.execute("CHECKPOINT").await?;
        let files: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_ls_waldir()")
            .fetch_one(&mut *connection)
            .await?;
        for _ in 0..=files {
            connection
                .execute("SELECT pg_logical_emit_message(false, 'tidings', '')")
                .await?;
            connection.execute("SELECT pg_switch_wal()").await?;
        }
        recycled = files;
    }
    connection.execute("CHECKPOINT").await?;
    Ok(recycled)
}
