//! Writes a backup: every table in one snapshot, while the system serves.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use domain::time::Timestamp;
use event_log::log_end::fetch_log_end;
use futures::TryStreamExt as _;
use memchr::memchr_iter;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

use super::BackupProgress;
use super::directory::{NewDirectory, PrivateFile};
use super::manifest::{BackupManifest, BackupTable, MANIFEST_FILE};
use super::tables;

/// The level of zstd: its default, which compresses faster than `COPY` writes.
const COMPRESSION_LEVEL: i32 = 3;

/// The statement that begins the snapshot.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// What to back up besides the database.
pub struct BackupOptions {
    /// The version of this program.
    pub version: String,
    /// Keys and settings.
    pub files: Vec<PrivateFile>,
}

/// Writes a backup into a new directory. Returns an error if `stop` is cancelled; what was written
/// by then is no complete backup, and never restored.
pub async fn write_backup(
    pool: &PgPool,
    dir: &Path,
    options: &BackupOptions,
    stop: &CancellationToken,
    mut on_progress: impl FnMut(BackupProgress<'_>),
) -> Result<BackupManifest> {
    let mut target = NewDirectory::create(dir)?;
    let mut snapshot = pool.begin_with(BEGIN).await?;
    let schema = tables::schema_version(&mut snapshot).await?;
    let schema = schema.context("the database has no schema: start Tidings on it first")?;
    let end = fetch_log_end(&mut snapshot).await?;
    let mut tables = tables::list_tables(&mut snapshot).await?;
    for table in &mut tables {
        let name = format!("{}.{}", table.schema, table.name);
        let total = end.cursor.position.unsigned_abs();
        let mut on_rows = |done| {
            on_progress(BackupProgress {
                name: &name,
                done,
                total: total.max(done),
            });
        };
        table.rows = copy_out(&mut snapshot, &mut target, table, stop, &mut on_rows).await?;
    }
    snapshot.rollback().await?;
    for file in &options.files {
        target.write_file(&file.name, &file.content)?;
    }
    let manifest = BackupManifest {
        format: BackupManifest::FORMAT,
        tidings: options.version.clone(),
        schema,
        created_at: Timestamp::from(OffsetDateTime::now_utc()),
        log_id: end.log_id.to_string(),
        position: end.cursor.position,
        cursor: end.cursor.to_string(),
        tables,
        files: options.files.iter().map(|file| file.name.clone()).collect(),
    };
    target.write_file(MANIFEST_FILE, &serde_json::to_vec_pretty(&manifest)?)?;
    target.finish()?;
    Ok(manifest)
}

/// Copies a table into its file. Returns the number of rows.
async fn copy_out(
    snapshot: &mut PgConnection,
    target: &mut NewDirectory,
    table: &BackupTable,
    stop: &CancellationToken,
    on_rows: &mut impl FnMut(u64),
) -> Result<u64> {
    let file = target.create_file(&table.file)?;
    let mut encoder = zstd::Encoder::new(file, COMPRESSION_LEVEL)?;
    let sql = format!("COPY {} TO STDOUT", table.to_sql());
    let mut chunks = snapshot.copy_out_raw(&sql).await?;
    let mut rows = 0;
    while let Some(chunk) = chunks.try_next().await? {
        if stop.is_cancelled() {
            bail!("the backup was stopped; remove its directory");
        }
        encoder.write_all(&chunk)?;
        // A line break in a value is escaped, so each one ends a row.
        rows += memchr_iter(b'\n', &chunk).count() as u64;
        on_rows(rows);
    }
    target.finish_file(&table.file, encoder.finish()?)?;
    Ok(rows)
}
