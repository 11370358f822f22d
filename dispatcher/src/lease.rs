//! The lease of a webhook: it ensures that only one dispatcher at a time works on it.
//!
//! The lease is a session-level advisory lock, and all writes use the connection that holds it, so
//! a dispatcher that has lost the lease can no longer write. The next holder repeats the deliveries
//! whose results were not stored.

use connectivity::postgres::connect;
use connectivity::timeout::{EXCHANGE_TIMEOUT, within};
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, PgPool};

/// The first key of the advisory locks; the second is the webhook's id.
const LOCK_CLASS: i32 = 0x7469_6468;

/// The lease of a webhook. It is held until it is released or dropped.
pub struct WebhookLease {
    connection: PgConnection,
}

impl WebhookLease {
    /// Tries to acquire the lease of a webhook. Returns `None` if another dispatcher has it.
    pub async fn try_acquire(pool: &PgPool, webhook: i64) -> Result<Option<Self>, sqlx::Error> {
        let options = pool.connect_options();
        let options = options
            .as_ref()
            .clone()
            .application_name("tidings dispatcher")
            .options([("jit", "off"), ("statement_timeout", "30s")]);
        let mut connection = connect(&options).await?;
        let number = i32::try_from(webhook).unwrap_or(i32::MAX);
        let attempt = sqlx::query_scalar("SELECT pg_try_advisory_lock($1, $2)")
            .bind(LOCK_CLASS)
            .bind(number)
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
