//! The read model that a rebuild has replaced and kept.

use sqlx::{Connection as _, Executor as _, PgPool};

use super::{alone, drop_replaced, made, release};
use crate::config::ProjectorConfig;
use crate::error::ProjectError;

/// Makes it what the next rebuild goes on with: that folds what has come since, and serves it again. False if
/// nothing was kept. It must have been made by this version of the program.
pub async fn resume(pool: &PgPool, config: &ProjectorConfig) -> Result<bool, ProjectError> {
    let mut keeper = alone(pool).await?;
    let is_kept = is_there(pool).await?;
    if is_kept {
        let made = made(config).replace('\'', "''");
        let mut transaction = keeper.begin().await?;
        for statement in [
            "DROP SCHEMA IF EXISTS read_rebuild CASCADE",
            "ALTER SCHEMA read_old RENAME TO read_rebuild",
            &format!("COMMENT ON SCHEMA read_rebuild IS '{made}'"),
        ] {
            transaction.execute(statement).await?;
        }
        transaction.commit().await?;
    }
    release(keeper).await?;
    Ok(is_kept)
}

/// Drops it. False if nothing was kept.
pub async fn drop_kept(pool: &PgPool) -> Result<bool, ProjectError> {
    let mut keeper = alone(pool).await?;
    let is_kept = is_there(pool).await?;
    drop_replaced(&mut keeper).await?;
    release(keeper).await?;
    Ok(is_kept)
}

/// Whether there is one.
pub async fn is_there(pool: &PgPool) -> Result<bool, ProjectError> {
    Ok(
        sqlx::query_scalar("SELECT to_regnamespace('read_old') IS NOT NULL")
            .fetch_one(pool)
            .await?,
    )
}
