//! Takes the copies of erased events out of the stream. It keeps its sequences: whoever reads past one that
//! is gone reads the log, which has it without its content.

use async_nats::jetstream;
use async_nats::jetstream::stream::{DeleteMessageErrorKind, Stream};
use futures::{StreamExt as _, stream};
use sqlx::PgPool;

use crate::mirror::{self, MirrorConfig, MirrorError};

/// Copies that are taken out at once.
const BATCH: i64 = 1_000;

/// Requests that are under way at the same time.
const AT_ONCE: usize = 16;

/// Takes the next copies out. Answers whether there were any.
///
/// It waits until the stream has the event that says what is erased: by then the relay has given it what came
/// before, and cannot put it there afterwards.
pub async fn take_out(
    pool: &PgPool,
    nats: &async_nats::Client,
    config: &MirrorConfig,
) -> Result<bool, MirrorError> {
    let erased: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT position, by FROM log.erased WHERE NOT mirrored ORDER BY position LIMIT $1",
    )
    .bind(BATCH)
    .fetch_all(pool)
    .await?;
    if erased.is_empty() {
        return Ok(false);
    }
    let jetstream = jetstream::new(nats.clone());
    let Some(state) = mirror::state(&jetstream, config).await? else {
        return Ok(false);
    };
    let due: Vec<i64> = erased
        .iter()
        .filter(|(_, by)| *by <= state.last)
        .map(|(position, _)| *position)
        .collect();
    let there = jetstream
        .get_stream(&config.stream)
        .await
        .map_err(|error| MirrorError::Unavailable(error.to_string()))?;
    let kept: Vec<i64> = due
        .iter()
        .copied()
        .filter(|position| *position >= state.first)
        .collect();
    let mut deletions = stream::iter(kept)
        .map(|position| delete(&there, position))
        .buffer_unordered(AT_ONCE);
    while let Some(deleted) = deletions.next().await {
        deleted?;
    }
    drop(deletions);
    sqlx::query("UPDATE log.erased SET mirrored = true WHERE position = ANY($1)")
        .bind(&due)
        .execute(pool)
        .await?;
    Ok(!due.is_empty())
}

/// The server overwrites what it deletes this way.
async fn delete(there: &Stream, position: i64) -> Result<(), MirrorError> {
    match there.delete_message(position.unsigned_abs()).await {
        Ok(_) => Ok(()),
        Err(error) => match error.kind() {
            // It was taken out before, or is too old to be kept.
            DeleteMessageErrorKind::JetStream(error) if is_gone(&error) => Ok(()),
            _ => Err(MirrorError::Unavailable(error.to_string())),
        },
    }
}

fn is_gone(error: &jetstream::Error) -> bool {
    use jetstream::ErrorCode;
    // Before 2.12 the server says it as the description of a failed deletion.
    [ErrorCode::NO_MESSAGE_FOUND, ErrorCode::SEQUENCE_NOT_FOUND].contains(&error.error_code())
        || error.error_code() == ErrorCode::STREAM_MESSAGE_DELETE_FAILED
            && error.to_string().contains("no message found")
}
