//! Rolls back to the previous read model, which a rebuild has replaced and kept: that becomes the
//! starting point of another rebuild, which folds the events appended since.

use sqlx::{Connection as _, PgConnection, PgPool};

use super::lock::RebuildLock;
use super::schemas;
use crate::error::ProjectionError;
use crate::session::{PREVIOUS, REBUILD};

/// Begins the fingerprint of a rollback, so that nothing else resumes its tables.
const ROLLBACK: &str = "rollback, ";

/// The fingerprint of a rollback with this build fingerprint.
pub(super) fn fingerprint(build: &str) -> String {
    format!("{ROLLBACK}{build}")
}

/// Makes the kept read model the tables of a rebuild, or leaves those of an interrupted rollback.
/// The kept one must have been built by this version of the program.
pub(super) async fn begin(
    connection: &mut PgConnection,
    fingerprint: &str,
) -> Result<(), ProjectionError> {
    if is_interrupted(connection).await? {
        return Ok(());
    }
    if !schemas::exists(connection, PREVIOUS).await? {
        return Err(ProjectionError::NothingKept);
    }
    let mut transaction = connection.begin().await?;
    schemas::drop_schema(&mut transaction, REBUILD).await?;
    schemas::rename_schema(&mut transaction, PREVIOUS, REBUILD).await?;
    schemas::set_comment(&mut transaction, REBUILD, fingerprint).await?;
    Ok(transaction.commit().await?)
}

/// Undoes an interrupted rollback: its tables become the kept read model again.
pub(super) async fn undo(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    if is_interrupted(connection).await? {
        schemas::rename_schema(connection, REBUILD, PREVIOUS).await?;
    }
    Ok(())
}

/// Drops the kept read model. Returns false if there is none.
pub async fn discard(pool: &PgPool) -> Result<bool, ProjectionError> {
    let mut lock = RebuildLock::acquire(pool).await?;
    undo(&mut lock.connection).await?;
    let was_kept = schemas::exists(&mut lock.connection, PREVIOUS).await?;
    schemas::drop_previous(&mut lock.connection).await?;
    lock.release().await?;
    Ok(was_kept)
}

/// Whether a previous read model has been kept.
pub async fn is_available(pool: &PgPool) -> Result<bool, ProjectionError> {
    let connection = &mut *pool.acquire().await?;
    Ok(schemas::exists(connection, PREVIOUS).await? || is_interrupted(connection).await?)
}

/// Whether a rollback was interrupted. While there are tables of one, no version is kept.
async fn is_interrupted(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let comment = schemas::comment(connection, REBUILD).await?;
    Ok(comment.is_some_and(|comment| comment.starts_with(ROLLBACK)))
}
