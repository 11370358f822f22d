//! The right to work on a webhook: one dispatcher at a time has it, however many run.
//!
//! It is a lock of a connection, and everything that is written goes over that connection: whoever has
//! lost it cannot write any more. What was sent meanwhile is sent again by whoever comes next.

use sqlx::postgres::PgConnection;
use sqlx::{ConnectOptions as _, Connection as _, PgPool};

/// The first half of the locks' names; the second is the webhook's number.
const LOCKS: i32 = 0x7469_6468;

/// Held until it is released or dropped.
pub struct Lease {
    connection: PgConnection,
}

impl Lease {
    /// Takes the lease of a webhook; `None` if another dispatcher has it.
    pub async fn take(pool: &PgPool, webhook: i64) -> Result<Option<Self>, sqlx::Error> {
        let options = pool.connect_options();
        let options = options
            .as_ref()
            .clone()
            .application_name("tidings dispatcher")
            .options([("jit", "off"), ("statement_timeout", "30s")]);
        let mut connection = options.connect().await?;
        let number = i32::try_from(webhook).unwrap_or(i32::MAX);
        let is_ours: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1, $2)")
            .bind(LOCKS)
            .bind(number)
            .fetch_one(&mut connection)
            .await?;
        if is_ours {
            return Ok(Some(Self { connection }));
        }
        connection.close().await?;
        Ok(None)
    }

    /// The connection that holds it.
    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// Gives it up.
    pub async fn release(self) {
        // If the connection is broken, Postgres has released it already.
        drop(self.connection.close().await);
    }
}
