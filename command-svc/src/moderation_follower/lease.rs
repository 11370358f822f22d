//! The lease of what follows the log for moderators: it ensures that one process at a time does.
//!
//! It is a session-level advisory lock, and the progress is written through the connection that
//! holds it, so a process that has lost the lease can no longer write.

use connectivity::postgres::connect;
use connectivity::timeout::{EXCHANGE_TIMEOUT, within};
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, PgPool};

/// The number of the lock: "moderate" in ASCII.
const LOCK: i64 = 0x6d6f_6465_7261_7465;

/// The lease. It is held until it is released or dropped.
pub(super) struct ModerationLease {
    connection: PgConnection,
}

impl ModerationLease {
    /// Tries to acquire the lease. Returns `None` if another process has it.
    pub async fn try_acquire(pool: &PgPool) -> Result<Option<Self>, sqlx::Error> {
        let options = pool.connect_options();
        // Progress that is lost is made again, to the same effect.
        let options = options
            .as_ref()
            .clone()
            .application_name("tidings moderation")
            .options([
                ("jit", "off"),
                ("statement_timeout", "30s"),
                ("synchronous_commit", "off"),
            ]);
        let mut connection = connect(&options).await?;
        let attempt = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
            .bind(LOCK)
            .fetch_one(&mut connection);
        let is_ours: bool = within(EXCHANGE_TIMEOUT, attempt).await?;
        if is_ours {
            return Ok(Some(Self { connection }));
        }
        connection.close().await?;
        Ok(None)
    }

    /// Returns the connection that holds the lease.
    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// Releases the lease. When this returns, another process can take it.
    pub async fn release(mut self) {
        // Postgres ends a session, with its locks, some time after the connection was closed.
        let release = async {
            sqlx::query("SELECT pg_advisory_unlock_all()")
                .execute(&mut self.connection)
                .await?;
            self.connection.close().await
        };
        // If the connection is broken, Postgres releases it itself.
        drop(within(EXCHANGE_TIMEOUT, release).await);
    }
}
