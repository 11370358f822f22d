//! Writes `files`.

use domain::file::FilePhase;
use domain::file::event::{FileReserved, FileStored};
use domain::file::name::FileName;
use domain::ids::FileId;
use domain::time::Timestamp;
use sqlx::PgConnection;

use super::columns::{column_values, to_sql_time};
use crate::file_rows::{FileChange, FileChanges};

/// Writes the changed rows. A file that is deleted has none.
pub(super) async fn write(
    connection: &mut PgConnection,
    changes: &FileChanges,
) -> Result<(), sqlx::Error> {
    let (deleted, kept): (Vec<_>, Vec<_>) = changes
        .iter()
        .partition(|(_, change)| change.phase == Some(FilePhase::Deleted));
    insert_reserved(connection, &kept).await?;
    update_stored(connection, &kept).await?;
    update_phase(connection, &kept).await?;
    delete(connection, &deleted).await
}

/// A file that was reserved in this batch.
type ReservedRow<'a> = (&'a FileId, &'a (FileReserved, i64, Timestamp));

async fn insert_reserved(
    connection: &mut PgConnection,
    changes: &[(&FileId, &FileChange)],
) -> Result<(), sqlx::Error> {
    let reserved = changes.iter();
    let reserved = reserved.filter_map(|(id, change)| Some((*id, change.reserved.as_ref()?)));
    let rows: Vec<ReservedRow<'_>> = reserved.collect();
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO files (id, position, uploader, name, declared_type, size, reserved_at, expires_at, \
         phase) \
         SELECT *, 'reserved' FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], \
         $6::bigint[], $7::timestamptz[], $8::timestamptz[])",
    )
    .bind(column_values(&rows, |(id, _)| id.as_str()))
    .bind(column_values(&rows, |(_, row)| row.1))
    .bind(column_values(&rows, |(_, row)| row.0.uploader.as_str()))
    .bind(column_values(&rows, |(_, row)| {
        row.0.name.as_ref().map(FileName::as_str)
    }))
    .bind(column_values(&rows, |(_, row)| row.0.declared_type.as_str()))
    .bind(column_values(&rows, |(_, row)| row.0.size))
    .bind(column_values(&rows, |(_, row)| to_sql_time(row.2)))
    .bind(column_values(&rows, |(_, row)| to_sql_time(row.0.expires_at)))
    .execute(connection)
    .await?;
    Ok(())
}

/// A file that was stored in this batch.
type StoredRow<'a> = (&'a FileId, &'a (FileStored, Timestamp));

async fn update_stored(
    connection: &mut PgConnection,
    changes: &[(&FileId, &FileChange)],
) -> Result<(), sqlx::Error> {
    let stored = changes.iter();
    let stored = stored.filter_map(|(id, change)| Some((*id, change.stored.as_ref()?)));
    let rows: Vec<StoredRow<'_>> = stored.collect();
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "UPDATE files f SET type = n.type, sha256 = n.sha256, width = n.width, height = n.height, \
         stored_at = n.stored_at \
         FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::timestamptz[]) \
         AS n(id, type, sha256, width, height, stored_at) WHERE f.id = n.id",
    )
    .bind(column_values(&rows, |(id, _)| id.as_str()))
    .bind(column_values(&rows, |(_, row)| row.0.media_type.as_str()))
    .bind(column_values(&rows, |(_, row)| row.0.sha256.as_str()))
    .bind(column_values(&rows, |(_, row)| row.0.width.map(i64::from)))
    .bind(column_values(&rows, |(_, row)| row.0.height.map(i64::from)))
    .bind(column_values(&rows, |(_, row)| to_sql_time(row.1)))
    .execute(connection)
    .await?;
    Ok(())
}

async fn update_phase(
    connection: &mut PgConnection,
    changes: &[(&FileId, &FileChange)],
) -> Result<(), sqlx::Error> {
    let phases = changes.iter();
    let phases = phases.filter_map(|(id, change)| Some((*id, change.phase?)));
    let rows: Vec<(&FileId, FilePhase)> = phases.collect();
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "UPDATE files f SET phase = n.phase FROM unnest($1::text[], $2::text[]) AS n(id, phase) \
         WHERE f.id = n.id",
    )
    .bind(column_values(&rows, |(id, _)| id.as_str()))
    .bind(column_values(&rows, |(_, phase)| phase.as_str()))
    .execute(connection)
    .await?;
    Ok(())
}

async fn delete(
    connection: &mut PgConnection,
    changes: &[(&FileId, &FileChange)],
) -> Result<(), sqlx::Error> {
    if changes.is_empty() {
        return Ok(());
    }
    sqlx::query("DELETE FROM files WHERE id = ANY ($1::text[])")
        .bind(column_values(changes, |(id, _)| id.as_str()))
        .execute(connection)
        .await?;
    Ok(())
}
