//! Brings Postgres into the state of a server that has run for hours. A new server has no WAL
//! files: under load it creates them several times per second, each by writing 16 MB of zeros and
//! waiting for the disk. After some checkpoints, a server reuses old files.

use anyhow::Result;
use sqlx::{Connection, Executor, PgConnection};

/// The number of WAL files to create in advance.
const WAL_FILES: usize = 64;

/// Creates [`WAL_FILES`] WAL files and makes them available for reuse.
pub async fn fill_wal(database_url: &str) -> Result<()> {
    let mut connection = PgConnection::connect(database_url).await?;
    for _ in 0..WAL_FILES {
        // Postgres does not switch away from a file without records.
        connection
            .execute("SELECT pg_logical_emit_message(true, 'bench', 'a record')")
            .await?;
        connection.execute("SELECT pg_switch_wal()").await?;
    }
    checkpoint(database_url).await
}

/// Runs a checkpoint before a measurement, so that pending writes of earlier runs do not disturb it
/// and their WAL files can be reused. As after every checkpoint, the first change of a page logs
/// the whole page.
pub async fn checkpoint(database_url: &str) -> Result<()> {
    let mut connection = PgConnection::connect(database_url).await?;
    connection.execute("CHECKPOINT").await?;
    Ok(())
}
