//! A server as it is after some hours. A fresh one has no WAL files: it makes them as it goes, by
//! writing 16 MB of zeros and waiting for the disk, several times a second under load. One that has
//! been through checkpoints uses old files again.

use anyhow::Result;
use sqlx::{Connection, Executor, PgConnection};

/// WAL files that there are from the start, as after a checkpoint of that distance.
const WAL_FILES: usize = 64;

/// Fills that many WAL files, and frees them for being used again.
pub async fn fill_wal(database_url: &str) -> Result<()> {
    let mut connection = PgConnection::connect(database_url).await?;
    for _ in 0..WAL_FILES {
        // A file without any record is not left.
        connection
            .execute("SELECT pg_logical_emit_message(true, 'bench', 'a record')")
            .await?;
        connection.execute("SELECT pg_switch_wal()").await?;
    }
    checkpoint(database_url).await
}

/// Before each run: what earlier ones left to write is not to disturb it, and their WAL files are
/// free again. Pages that are written to afterwards are logged whole, as after every checkpoint.
pub async fn checkpoint(database_url: &str) -> Result<()> {
    let mut connection = PgConnection::connect(database_url).await?;
    connection.execute("CHECKPOINT").await?;
    Ok(())
}
