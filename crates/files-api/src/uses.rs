//! Whether a message uses a file, as the read model knows.
//!
//! A message that is sent, and neither recalled nor erased, uses its file; so does one that waits
//! to be sent. In a direct conversation, one that both users have cleared does not: nobody will
//! ever see it again. In a group, who joins later may see what all members have cleared.

use std::time::Duration;

use domain::ids::FileId;
use sqlx::PgPool;
use tokio::time::Instant;

/// The condition under which a message uses the file with the id `$file`.
macro_rules! is_used {
    ($file:literal) => {
        concat!(
            "(EXISTS (SELECT FROM read.messages g JOIN read.conversations c ON c.id = g.conversation
              WHERE g.file = ",
            $file,
            " AND NOT g.recalled AND (c.kind <> 'direct' OR EXISTS (
                  SELECT FROM read.members m WHERE m.conversation = g.conversation AND m.present
                  AND m.cleared_seq < g.seq)))
             OR EXISTS (SELECT FROM read.scheduled s WHERE s.file = ",
            $file,
            ")
             OR EXISTS (SELECT FROM read.held h WHERE h.file = ",
            $file,
            "))"
        )
    };
}

pub(crate) use is_used;

/// How long to wait for the read model.
const PROJECTION_TIMEOUT: Duration = Duration::from_secs(5);

/// How often to look at it.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Whether a message uses this file, in a read model that has reached this position. `None` if it
/// does not reach it in time.
pub(crate) async fn find_use(
    pool: &PgPool,
    id: &FileId,
    position: i64,
) -> Result<Option<bool>, sqlx::Error> {
    let deadline = Instant::now() + PROJECTION_TIMEOUT;
    loop {
        let (reached, is_used): (bool, bool) = sqlx::query_as(concat!(
            "SELECT k.position >= $2, ",
            is_used!("$1"),
            " FROM read.checkpoint k"
        ))
        .bind(id.as_str())
        .bind(position)
        .fetch_one(pool)
        .await?;
        if reached {
            return Ok(Some(is_used));
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}
