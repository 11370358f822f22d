//! Rolls back to the previous read model, which a rebuild has replaced and kept.

use sqlx::{Connection as _, PgPool};

use super::lock::RebuildLock;
use super::schemas::{self, PREVIOUS};
use super::tables;
use crate::config::ProjectorConfig;
use crate::error::ProjectionError;
use crate::session::REBUILD;

/// Prepares a rollback: makes the kept read model the starting point of the next rebuild.
///
/// The rollback takes effect only with that rebuild, which folds the events appended since and
/// serves the tables again. Returns false if no read model was kept. The kept one must have been
/// built by this version of the program.
pub async fn prepare(pool: &PgPool, config: &ProjectorConfig) -> Result<bool, ProjectionError> {
    let mut lock = RebuildLock::acquire(pool).await?;
    let was_kept = is_available(pool).await?;
    if was_kept {
        let mut transaction = lock.connection.begin().await?;
        schemas::drop_schema(&mut transaction, REBUILD).await?;
        schemas::rename_schema(&mut transaction, PREVIOUS, REBUILD).await?;
        let fingerprint = tables::build_fingerprint(config);
        schemas::set_comment(&mut transaction, REBUILD, &fingerprint).await?;
        transaction.commit().await?;
    }
    lock.release().await?;
    Ok(was_kept)
}

/// Drops the kept read model. Returns false if there is none.
pub async fn discard(pool: &PgPool) -> Result<bool, ProjectionError> {
    let mut lock = RebuildLock::acquire(pool).await?;
    let was_kept = is_available(pool).await?;
    schemas::drop_previous(&mut lock.connection).await?;
    lock.release().await?;
    Ok(was_kept)
}

/// Whether a previous read model has been kept.
pub async fn is_available(pool: &PgPool) -> Result<bool, ProjectionError> {
    Ok(sqlx::query_scalar("SELECT to_regnamespace($1) IS NOT NULL")
        .bind(PREVIOUS)
        .fetch_one(pool)
        .await?)
}
