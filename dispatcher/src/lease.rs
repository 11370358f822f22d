//! The lease of a webhook: it ensures that only one dispatcher at a time works on it. The next
//! holder repeats the deliveries whose results were not stored.

use connectivity::postgres::{LeaseLock, SessionLease};
use sqlx::PgPool;

/// The first key of the advisory locks; the second is the webhook's id.
const LOCK_CLASS: i32 = 0x7469_6468;

/// Tries to acquire the lease of a webhook. Returns `None` if another dispatcher has it.
pub async fn try_acquire(pool: &PgPool, webhook: i64) -> Result<Option<SessionLease>, sqlx::Error> {
    let number = i32::try_from(webhook).unwrap_or(i32::MAX);
    let lock = LeaseLock::InClass(LOCK_CLASS, number);
    SessionLease::try_acquire(pool, lock, "tidings dispatcher", &[]).await
}
