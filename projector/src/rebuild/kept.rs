//! Rolls back to the previous read model, which a rebuild has replaced and kept.

use sqlx::{Connection as _, Executor as _, PgPool};

use super::{alone, drop_replaced, made, release};
use crate::config::ProjectorConfig;
use crate::error::ProjectError;

/// Prepares a rollback: makes the kept read model the starting point of the next rebuild.
///
/// The rollback takes effect only with that rebuild, which folds the events appended since and
/// serves the tables again. Returns false if no read model was kept. The kept one must have been
/// built by this version of the program.
pub async fn resume(pool: &PgPool, config: &ProjectorConfig) -> Result<bool, ProjectError> {
    let mut connection = alone(pool).await?;
    let was_kept = is_there(pool).await?;
    if was_kept {
        let fingerprint = made(config).replace('\'', "''");
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
    release(connection).await?;
    Ok(was_kept)
}

/// Drops the kept read model. Returns false if there is none.
pub async fn drop_kept(pool: &PgPool) -> Result<bool, ProjectError> {
    let mut connection = alone(pool).await?;
    let was_kept = is_there(pool).await?;
    drop_replaced(&mut connection).await?;
    release(connection).await?;
    Ok(was_kept)
}

/// Whether a previous read model has been kept.
pub async fn is_there(pool: &PgPool) -> Result<bool, ProjectError> {
    Ok(
        sqlx::query_scalar("SELECT to_regnamespace('read_old') IS NOT NULL")
            .fetch_one(pool)
            .await?,
    )
}
