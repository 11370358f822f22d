//! The database's history: one line of migrations, applied in order, never edited once landed.

#![deny(missing_docs)]

use sqlx::PgPool;
use sqlx::migrate::{MigrateError, Migrator};

/// Every migration, compiled in.
pub static MIGRATOR: Migrator = sqlx::migrate!("./sql");

/// Brings a database up to date. Safe to call from several processes at once: an advisory lock
/// lets one of them work while the others wait.
pub async fn apply(pool: &PgPool) -> Result<(), MigrateError> {
    MIGRATOR.run(pool).await
}
