//! Whether a user can see the profile of another, for commands: the log alone cannot tell, because
//! who shares a conversation with whom is only in the read model.

use std::time::Duration;

use domain::ids::UserId;
use sqlx::PgPool;
use tokio::time::Instant;

use crate::people::Directory;
use crate::sql::visibility::sees_profile;
use crate::start::MIN_POSITION_TIMEOUT;

/// How often the read model is asked whether it has reached the head of the log.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Binds the caller, whether the directory is open, and the user.
const SEES: &str = concat!(
    "SELECT k.position, EXISTS (SELECT FROM read.users u WHERE u.name = $3 AND ",
    sees_profile!(),
    ") FROM read.checkpoint k"
);

/// Whether the caller can see the profile of the user once the read model has reached the position
/// `head`. `None` if it does not reach that position in time.
pub async fn can_see_profile(
    pool: &PgPool,
    directory: Directory,
    head: i64,
    caller: &UserId,
    user: &UserId,
) -> Result<Option<bool>, sqlx::Error> {
    let deadline = Instant::now() + MIN_POSITION_TIMEOUT;
    loop {
        let (position, can_see): (i64, bool) = sqlx::query_as(SEES)
            .bind(caller.as_str())
            .bind(directory == Directory::Open)
            .bind(user.as_str())
            .fetch_one(pool)
            .await?;
        if position >= head {
            return Ok(Some(can_see));
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}
