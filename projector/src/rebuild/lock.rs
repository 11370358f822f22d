//! The lock that makes sure that only one rebuild of a database runs at a time.

use connectivity::postgres::connect;
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Executor as _, PgPool};

use crate::error::ProjectionError;

/// The advisory lock that one rebuild of a database holds: "tidings" in ASCII.
const ADVISORY_LOCK: i64 = 0x0074_6964_696e_6773;

/// The rebuild lock, with the dedicated connection that holds it. Postgres releases the lock when
/// the connection ends, even if this process is killed.
pub(super) struct RebuildLock {
    pub connection: PgConnection,
}

impl RebuildLock {
    /// Acquires the lock. Fails with [`ProjectionError::RebuildInProgress`] if it is taken.
    pub async fn acquire(pool: &PgPool) -> Result<Self, ProjectionError> {
        let mut connection = connect(&pool.connect_options()).await?;
        let is_acquired: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
            .bind(ADVISORY_LOCK)
            .fetch_one(&mut connection)
            .await?;
        if !is_acquired {
            return Err(ProjectionError::RebuildInProgress);
        }
        connection.execute("SET lock_timeout TO '5s'").await?;
        Ok(Self { connection })
    }

    /// Releases the lock. The server would also do so a moment after the connection closes, but
    /// that would be too late for a rebuild that starts immediately.
    pub async fn release(mut self) -> Result<(), ProjectionError> {
        sqlx::query("SELECT pg_advisory_unlock($1)")
            .bind(ADVISORY_LOCK)
            .execute(&mut self.connection)
            .await?;
        Ok(self.connection.close().await?)
    }
}
