//! Deletes the copies of redacted events from the stream. Sequences do not change: a consumer that
//! meets a deleted message reads the redacted event from the log.

use async_nats::jetstream;
use async_nats::jetstream::stream::{DeleteMessageErrorKind, Stream};
use futures::StreamExt as _;
use sqlx::PgPool;

use event_stream::mirror::{self, MirrorConfig, MirrorError};

/// How many copies are deleted in one step.
const BATCH_LIMIT: i64 = 1_000;

/// How many delete requests may be in flight. The stream does one after the other, each with a
/// write to its disk, and answers nobody else meanwhile: more would only keep the relay waiting.
const MAX_IN_FLIGHT: usize = 3;

/// Deletes the next copies. Returns whether there were any.
///
/// An event is due once the stream has the event that erased it: by then the relay has published
/// everything before that, and cannot publish the original afterwards.
pub async fn delete_next(
    pool: &PgPool,
    nats: &async_nats::Client,
    config: &MirrorConfig,
) -> Result<bool, MirrorError> {
    let erased: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT position, by FROM log.erased WHERE NOT mirrored ORDER BY position LIMIT $1",
    )
    .bind(BATCH_LIMIT)
    .fetch_all(pool)
    .await?;
    if erased.is_empty() {
        return Ok(false);
    }
    let jetstream = jetstream::new(nats.clone());
    let Some(state) = mirror::load_state(&jetstream, config).await? else {
        return Ok(false);
    };
    let due: Vec<i64> = erased
        .iter()
        .filter(|(_, by)| *by <= state.last)
        .map(|(position, _)| *position)
        .collect();
    let stream = jetstream
        .get_stream(&config.stream)
        .await
        .map_err(|error| MirrorError::Unavailable(error.to_string()))?;
    let retained: Vec<i64> = due
        .iter()
        .copied()
        .filter(|position| *position >= state.first)
        .collect();
    let mut deletions = futures::stream::iter(retained)
        .map(|position| delete_message(&stream, position))
        .buffer_unordered(MAX_IN_FLIGHT);
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

/// Deletes a message. The server overwrites its data.
async fn delete_message(stream: &Stream, position: i64) -> Result<(), MirrorError> {
    match stream.delete_message(position.unsigned_abs()).await {
        Ok(_) => Ok(()),
        Err(error) => match error.kind() {
            // It has been deleted before, or is older than what the stream retains.
            DeleteMessageErrorKind::JetStream(error) if is_already_deleted(&error) => Ok(()),
            _ => Err(MirrorError::Unavailable(error.to_string())),
        },
    }
}

fn is_already_deleted(error: &jetstream::Error) -> bool {
    use jetstream::ErrorCode;
    // Before 2.12, the server reports this only in the description of a failed deletion.
    [ErrorCode::NO_MESSAGE_FOUND, ErrorCode::SEQUENCE_NOT_FOUND].contains(&error.error_code())
        || error.error_code() == ErrorCode::STREAM_MESSAGE_DELETE_FAILED
            && error.to_string().contains("no message found")
}
