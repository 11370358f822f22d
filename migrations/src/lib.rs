//! The database migrations: a linear sequence, applied in order. Never edit a migration after it
//! has been released: its checksum is recorded in every database.

#![deny(missing_docs)]

use sqlx::PgPool;
use sqlx::migrate::{MigrateError, Migrator};

/// All migrations, embedded at compile time.
pub static MIGRATOR: Migrator = sqlx::migrate!("./sql");

/// Applies all pending migrations to a database.
///
/// Several processes may call this concurrently: an advisory lock lets one of them run the
/// migrations while the others wait.
pub async fn apply(pool: &PgPool) -> Result<(), MigrateError> {
    MIGRATOR.run(pool).await
}
