//! The database migrations: a linear sequence, applied in order. Never edit a migration after it
//! has been released: its checksum is recorded in every database.

#![deny(missing_docs)]

mod views;

use sqlx::PgPool;
use sqlx::migrate::{MigrateError, Migrator};

pub use views::move_views;

/// All migrations, embedded at compile time.
pub static MIGRATOR: Migrator = sqlx::migrate!("./sql");

/// Applies all pending migrations to a database.
///
/// Several processes may call this concurrently: an advisory lock lets one of them run the
/// migrations while the others wait.
pub async fn apply(pool: &PgPool) -> Result<(), MigrateError> {
    MIGRATOR.run(pool).await
}

/// Applies the migrations up to a version, as the program of that time did.
pub async fn apply_up_to(pool: &PgPool, version: i64) -> Result<(), MigrateError> {
    let older = MIGRATOR
        .iter()
        .filter(|migration| migration.version <= version);
    let migrator = Migrator {
        migrations: older.cloned().collect::<Vec<_>>().into(),
        ..Migrator::DEFAULT
    };
    migrator.run(pool).await
}

/// The number of the newest migration that was applied to a database. `None` if it was never
/// migrated.
pub async fn applied_version(pool: &PgPool) -> Result<Option<i64>, sqlx::Error> {
    let is_migrated: bool =
        sqlx::query_scalar("SELECT to_regclass('public._sqlx_migrations') IS NOT NULL")
            .fetch_one(pool)
            .await?;
    if !is_migrated {
        return Ok(None);
    }
    sqlx::query_scalar("SELECT max(version) FROM public._sqlx_migrations WHERE success")
        .fetch_one(pool)
        .await
}

/// The number of the newest migration.
pub fn newest_version() -> i64 {
    let versions = MIGRATOR.iter().map(|migration| migration.version);
    versions.max().unwrap_or(0)
}
