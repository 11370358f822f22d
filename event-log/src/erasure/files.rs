//! Takes what was erased out of the files of the database.
//!
//! Postgres writes a changed row somewhere else and leaves the old one where it was until something comes to
//! lie on it; and the write-ahead log has all that was written for as long as its files are there. So here the
//! events are written into another table, while appending goes on: they are never changed but by erasure,
//! which waits meanwhile. The new table takes the place of the old one, whose file is deleted. Then the
//! write-ahead log is gone through until all of its files were written anew.
//!
//! The read models are written anew by their own rebuild; that belongs between [`rewrite`] and [`wal`].

use std::time::Duration;

use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgConnection, PgPool};

use super::SEALING;

/// Events that are copied in one transaction.
const BATCH: i64 = 50_000;

/// How often the swap is tried: whoever reads the whole log may be in the way, and those who append are not
/// to wait behind it.
const SWAPS: u32 = 30;

/// Between two tries.
const PAUSE: Duration = Duration::from_secs(1);

/// Small tables that may have salts or titles in rows that are gone, and what the planner knows of the
/// columns: some of their values.
const SMALL: [&str; 3] = ["log.seals", "log.snapshots", "pg_catalog.pg_statistic"];

/// How far copying is.
#[derive(Debug, Clone, Copy)]
pub struct Copied {
    /// Events that were copied.
    pub position: i64,
    /// All there are.
    pub head: i64,
}

/// What became of the write-ahead log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wal {
    /// So many files were written anew.
    Renewed(i64),
    /// It may still have what was erased: why.
    Kept(String),
}

/// Writes the log's tables anew, without anything that was erased up to the position that this answers.
pub async fn rewrite(
    pool: &PgPool,
    mut on_progress: impl FnMut(Copied),
) -> Result<i64, sqlx::Error> {
    let mut keeper = pool.connect_options().connect().await?;
    // As long as this connection: nothing is erased or sealed meanwhile.
    sqlx::query("SELECT pg_advisory_lock($1)")
        .bind(SEALING)
        .execute(&mut keeper)
        .await?;
    let erased: i64 = sqlx::query_scalar("SELECT position FROM log.erasure")
        .fetch_one(&mut keeper)
        .await?;
    create(&mut keeper).await?;
    let mut position = copy_all(&mut keeper, 0, &mut on_progress).await?;
    make_keys(&mut keeper).await?;
    position = copy_all(&mut keeper, position, &mut on_progress).await?;
    swap(&mut keeper, position).await?;
    for table in SMALL {
        if let Err(error) = keeper
            .execute(format!("VACUUM FULL {table}").as_str())
            .await
        {
            tracing::warn!(table, %error, "what was erased may still be in the file of this table");
        }
    }
    keeper.close().await?;
    Ok(erased)
}

/// Notes that what was erased up to a position is gone from the files.
pub async fn note(pool: &PgPool, position: i64) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE log.erasure SET files_at = greatest(files_at, $1)")
        .bind(position)
        .execute(pool)
        .await?;
    Ok(())
}

/// The table as it will be, without keys: it is filled before these are made.
async fn create(keeper: &mut PgConnection) -> Result<(), sqlx::Error> {
    keeper
        .execute("DROP SCHEMA IF EXISTS log_rewrite CASCADE")
        .await?;
    let mut transaction = keeper.begin().await?;
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

async fn copy_all(
    keeper: &mut PgConnection,
    mut position: i64,
    on_progress: &mut impl FnMut(Copied),
) -> Result<i64, sqlx::Error> {
    let head: i64 = sqlx::query_scalar("SELECT position FROM log.head")
        .fetch_one(&mut *keeper)
        .await?;
    while position < head {
        let to = head.min(position + BATCH);
        copy(keeper, position, to).await?;
        position = to;
        on_progress(Copied { position, head });
    }
    Ok(position)
}

async fn copy(connection: &mut PgConnection, after: i64, to: i64) -> Result<(), sqlx::Error> {
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

/// The keys and indexes of the table that is replaced, by the same names.
async fn make_keys(keeper: &mut PgConnection) -> Result<(), sqlx::Error> {
    let statements: Vec<String> = sqlx::query_scalar(
        "SELECT format('ALTER TABLE log_rewrite.events ADD CONSTRAINT %I %s', k.conname,
                       pg_get_constraintdef(k.oid))
         FROM pg_constraint k WHERE k.conrelid = 'log.events'::regclass AND k.contype IN ('p', 'u')
         UNION ALL
         SELECT replace(pg_get_indexdef(x.indexrelid), ' ON log.events ', ' ON log_rewrite.events ')
         FROM pg_index x WHERE x.indrelid = 'log.events'::regclass
         AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = x.indexrelid)",
    )
    .fetch_all(&mut *keeper)
    .await?;
    for statement in statements {
        keeper.execute(statement.as_str()).await?;
    }
    keeper.execute("ANALYZE log_rewrite.events").await?;
    Ok(())
}

async fn swap(keeper: &mut PgConnection, position: i64) -> Result<(), sqlx::Error> {
    keeper.execute("SET lock_timeout TO '1s'").await?;
    for _ in 1..SWAPS {
        match swap_once(keeper, position).await {
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("55P03") => {
                tracing::info!("somebody reads the whole log; its new table waits for them");
                tokio::time::sleep(PAUSE).await;
            }
            done => return done,
        }
    }
    swap_once(keeper, position).await
}

/// Appending waits for as long as this takes.
async fn swap_once(keeper: &mut PgConnection, position: i64) -> Result<(), sqlx::Error> {
    let view: String = sqlx::query_scalar("SELECT pg_get_viewdef('public.events'::regclass)")
        .fetch_one(&mut *keeper)
        .await?;
    let mut transaction = keeper.begin().await?;
    transaction
        .execute("LOCK TABLE log.events IN ACCESS EXCLUSIVE MODE")
        .await?;
    copy(&mut transaction, position, i64::MAX).await?;
    for statement in [
        "CREATE SCHEMA log_rewrite_old",
        "ALTER TABLE log.events SET SCHEMA log_rewrite_old",
        "ALTER TABLE log_rewrite.events SET SCHEMA log",
        &format!("CREATE OR REPLACE VIEW public.events AS {view}"),
        "DROP SCHEMA log_rewrite_old CASCADE",
        "DROP SCHEMA log_rewrite",
    ] {
        transaction.execute(statement).await?;
    }
    transaction.commit().await
}

/// Goes through the write-ahead log until each of its files was written anew. Only a superuser may.
pub async fn wal(pool: &PgPool) -> Result<Wal, sqlx::Error> {
    match go_through(pool).await {
        Ok(files) => Ok(Wal::Renewed(files)),
        Err(sqlx::Error::Database(error)) => Ok(Wal::Kept(error.message().to_owned())),
        Err(error) => Err(error),
    }
}

/// A checkpoint gives files that are not needed another name, to be written again; a switch to the next one
/// fills what is left of one with zeros. The file that is written at the first checkpoint is only free to be
/// written again after the second, so all of it is done twice.
async fn go_through(pool: &PgPool) -> Result<i64, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let mut renewed = 0;
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
        renewed = files;
    }
    connection.execute("CHECKPOINT").await?;
    Ok(renewed)
}
