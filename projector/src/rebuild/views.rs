//! Views on the read models, such as those of schema `analytics`: they show the served version.
//!
//! A view refers to tables, not to their names, so it has to be created again when a swap replaces
//! them. That waits for the sessions that are reading it, which the swap itself cannot do.

use std::time::Duration;

use migrations::move_views;
use sqlx::{Connection as _, Executor as _, PgConnection, PgPool};

use crate::session::{LIVE, PREVIOUS, REBUILD};

/// How often to try to move the views. An attempt that waits for a reader makes the next readers
/// wait too, so each is short.
const MAX_ATTEMPTS: usize = 30;

/// The pause between two attempts.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// How long an attempt waits for readers.
const SHORT_LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout TO '200ms'";

/// Moves the views within the swap, if no session reads them: projecting is blocked meanwhile.
pub(super) async fn move_in_swap(swap: &mut PgConnection) -> Result<(), sqlx::Error> {
    let mut savepoint = swap.begin().await?;
    savepoint
        .execute("SET LOCAL lock_timeout TO '50ms'")
        .await?;
    match move_views(&mut savepoint, PREVIOUS, LIVE).await {
        Ok(_) => savepoint.commit().await,
        Err(sqlx::Error::Database(error)) => {
            tracing::info!(%error, "a view is being read; it shows the new read model later");
            savepoint.rollback().await
        }
        Err(error) => Err(error),
    }
}

/// Moves the views that the swap has left, once no session reads them. Returns false if one
/// still is: then [`follow`] moves them later.
pub(super) async fn move_after_swap(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    for _ in 0..MAX_ATTEMPTS {
        match move_from(connection, PREVIOUS).await {
            Err(sqlx::Error::Database(error)) => {
                tracing::info!(%error, "a view of the old read model is still being read");
                tokio::time::sleep(RETRY_INTERVAL).await;
            }
            moved => return moved.map(|()| true),
        }
    }
    tracing::warn!("a view still shows the old read model, because a session is reading it");
    Ok(false)
}

/// Moves all views before a build renames or drops what an earlier one has left.
pub(super) async fn release_tables(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    move_from(connection, PREVIOUS).await?;
    move_from(connection, REBUILD).await
}

async fn move_from(connection: &mut PgConnection, replaced: &str) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    transaction.execute(SHORT_LOCK_TIMEOUT).await?;
    move_views(&mut transaction, replaced, LIVE).await?;
    transaction.commit().await
}

/// Moves the views that a session was reading when the last rebuild ended. Called from time to
/// time; costs a look at the catalog if there are none.
pub async fn follow(pool: &PgPool) -> Result<(), sqlx::Error> {
    match move_from(&mut *pool.acquire().await?, PREVIOUS).await {
        Err(sqlx::Error::Database(error)) => {
            tracing::debug!(%error, "a view of the old read model is still being read");
            Ok(())
        }
        moved => moved,
    }
}
