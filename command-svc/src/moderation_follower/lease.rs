//! The lease of what follows the log for moderators: it ensures that one process at a time does.

use connectivity::postgres::{LeaseLock, SessionLease};
use sqlx::PgPool;

/// The number of the lock: "moderate" in ASCII.
const LOCK: LeaseLock = LeaseLock::Number(0x6d6f_6465_7261_7465);

/// Tries to acquire the lease. Returns `None` if another process has it.
pub(super) async fn try_acquire(pool: &PgPool) -> Result<Option<SessionLease>, sqlx::Error> {
    // Progress that is lost is made again, to the same effect.
    let settings = [("synchronous_commit", "off")];
    SessionLease::try_acquire(pool, LOCK, "tidings moderation", &settings).await
}
