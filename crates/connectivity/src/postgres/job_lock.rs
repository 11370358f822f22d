//! The lock of a background job that one process does at a time.

use sqlx::{Executor as _, PgPool, Postgres, Transaction};

/// The exclusive right to do a background job. It ends when it is released or dropped, when the
/// process ends, and when its holder does not continue for 30 s.
pub struct JobLock(Transaction<'static, Postgres>);

impl JobLock {
    /// Acquires the lock with this number. `None` if another process holds it.
    pub async fn acquire(pool: &PgPool, number: i64) -> Result<Option<Self>, sqlx::Error> {
        let mut transaction = pool.begin().await?;
        // A process that is stopped must not keep the others from doing the job.
        transaction
            .execute("SET LOCAL idle_in_transaction_session_timeout = '30s'")
            .await?;
        let is_acquired: bool = sqlx::query_scalar("SELECT pg_try_advisory_xact_lock($1)")
            .bind(number)
            .fetch_one(&mut *transaction)
            .await?;
        Ok(is_acquired.then_some(Self(transaction)))
    }

    /// Releases the lock. If that fails, the connection is gone, and the lock with it.
    pub async fn release(self) {
        let _ = self.0.rollback().await;
    }
}
