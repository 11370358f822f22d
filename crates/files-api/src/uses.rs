//! Whether anything uses a file, as the read model knows.

use std::time::Duration;

use domain::ids::FileId;
use read_model::is_file_used;
use sqlx::PgPool;
use tokio::time::Instant;

/// How long to wait for the read model.
const PROJECTION_TIMEOUT: Duration = Duration::from_secs(5);

/// How often to look at it.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Whether anything uses this file, in a read model that has reached this position. `None` if it
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
            is_file_used!("$1"),
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
