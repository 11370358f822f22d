//! Whether a user id occurs anywhere in the log: as the sender or member of a conversation, or as
//! the owner of a mailbox. Registering with such an id would take over what is there.

use std::time::Duration;

use domain::ids::UserId;
use sqlx::PgPool;
use tokio::time::Instant;

use crate::start::MIN_POSITION_TIMEOUT;

/// How often the read model is asked whether it has reached the head of the log.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Whether an event up to the position `head` names this user id. `None` if the read model has not
/// reached that position in time.
pub async fn is_user_id_used(
    pool: &PgPool,
    head: i64,
    user: &UserId,
) -> Result<Option<bool>, sqlx::Error> {
    let deadline = Instant::now() + MIN_POSITION_TIMEOUT;
    loop {
        let (position, is_used): (i64, bool) = sqlx::query_as(
            "SELECT c.position, EXISTS (SELECT FROM read.users u WHERE u.name = $1)
               FROM read.checkpoint c",
        )
        .bind(user.as_str())
        .fetch_one(pool)
        .await?;
        if is_used || position >= head {
            return Ok(Some(is_used));
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}
