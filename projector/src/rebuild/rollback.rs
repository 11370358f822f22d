//! Rolls back to the previous read model, which a rebuild has replaced and kept.

use sqlx::{Connection as _, Executor as _, PgPool};

use super::{acquire_lock, build_fingerprint, drop_old_tables, release_lock};
use crate::config::ProjectorConfig;
use crate::error::ProjectionError;

/// Prepares a rollback: makes the kept read model the starting point of the next rebuild.
///
/// The rollback takes effect only with that rebuild, which folds the events appended since and
/// serves the tables again. Returns false if no read model was kept. The kept one must have been
/// built by this version of the program.
pub async fn prepare(pool: &PgPool, config: &ProjectorConfig) -> Result<bool, ProjectionError> {
    let mut connection = acquire_lock(pool).await?;
    let was_kept = is_available(pool).await?;
    if was_kept {
        let fingerprint = build_fingerprint(config).replace('\'', "''");
        let mut transaction = connection.begin().await?;
        for statement in [
            "DROP SCHEMA IF EXISTS read_rebuild CASCADE",
            "ALTER SCHEMA read_old RENAME TO read_rebuild",
            &format!("COMMENT ON SCHEMA read_rebuild IS '{fingerprint}'"),
        ] {
            transaction.execute(statement).await?;
        }
        transaction.commit().await?;
    }
    release_lock(connection).await?;
    Ok(was_kept)
}

/// Drops the kept read model. Returns false if there is none.
pub async fn discard(pool: &PgPool) -> Result<bool, ProjectionError> {
    let mut connection = acquire_lock(pool).await?;
    let was_kept = is_available(pool).await?;
    drop_old_tables(&mut connection).await?;
    release_lock(connection).await?;
    Ok(was_kept)
}

/// Whether a previous read model has been kept.
pub async fn is_available(pool: &PgPool) -> Result<bool, ProjectionError> {
    Ok(
        sqlx::query_scalar("SELECT to_regnamespace('read_old') IS NOT NULL")
            .fetch_one(pool)
            .await?,
    )
}
