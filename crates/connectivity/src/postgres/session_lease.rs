//! A lease that one process at a time holds for as long as it works.
//!
//! It is a session-level advisory lock. Its holder writes through the connection that holds it, so
//! a process that has lost the lease can no longer write.

use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, PgPool};

use super::connect;
use crate::timeout::{EXCHANGE_TIMEOUT, within};

/// The number of an advisory lock. The two forms are different locks.
#[derive(Debug, Clone, Copy)]
pub enum LeaseLock {
    /// The only lease of its kind.
    Number(i64),
    /// A class of leases, and the number of one of them.
    InClass(i32, i32),
}

/// The lease. It is held until it is released or dropped.
pub struct SessionLease {
    connection: PgConnection,
}

impl SessionLease {
    /// Tries to acquire the lease with a session of its own, which has this name and these settings
    /// besides those of every session. Returns `None` if another process has it.
    pub async fn try_acquire(
        pool: &PgPool,
        lock: LeaseLock,
        application: &str,
        settings: &[(&str, &str)],
    ) -> Result<Option<Self>, sqlx::Error> {
        let options = pool.connect_options();
        let options = options
            .as_ref()
            .clone()
            .application_name(application)
            .options([("jit", "off"), ("statement_timeout", "30s")])
            .options(settings.iter().copied());
        let mut connection = connect(&options).await?;
        let attempt = match lock {
            LeaseLock::Number(number) => {
                sqlx::query_scalar("SELECT pg_try_advisory_lock($1)").bind(number)
            }
            LeaseLock::InClass(class, number) => {
                sqlx::query_scalar("SELECT pg_try_advisory_lock($1, $2)")
                    .bind(class)
                    .bind(number)
            }
        };
        let is_ours: bool = within(EXCHANGE_TIMEOUT, attempt.fetch_one(&mut connection)).await?;
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
