//! The problems of these routes.

use std::time::Duration;

use domain::refusal::{Refusal, RefusalKind};
use event_log::LogError;
use file_store::{StagingError, StoreError};
use http::StatusCode;
use http_edge::Problem;

/// The `Retry-After` of what can succeed soon.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The `Retry-After` of what succeeds once somebody has made room.
const FULL_RETRY_AFTER: Duration = Duration::from_secs(30);

/// The log does not answer.
pub(crate) fn log_away(error: &LogError) -> Problem {
    tracing::debug!(%error, "a file could not be read");
    Problem::unavailable(
        "unavailable",
        "The event log is temporarily unavailable; try again.",
        RETRY_AFTER,
    )
}

/// The database does not answer.
pub(crate) fn database_away(error: &sqlx::Error) -> Problem {
    tracing::debug!(%error, "files could not be queried");
    Problem::unavailable(
        "unavailable",
        "The database is temporarily unavailable.",
        RETRY_AFTER,
    )
}

/// The read model has not reached a position.
pub(crate) fn projection_behind() -> Problem {
    Problem::unavailable(
        "projection_behind",
        "It is not known yet whether anything uses the file; try again.",
        RETRY_AFTER,
    )
}

/// The file store is away or full. What has arrived is kept.
pub(crate) fn store_away(error: &StoreError) -> Problem {
    tracing::error!(%error, "the file store cannot be used");
    match error {
        StoreError::Full(_) => store_full(),
        StoreError::Missing | StoreError::Failed(_) => Problem::unavailable(
            "file_store_unavailable",
            "The file store does not answer. What has arrived is kept; resume later.",
            RETRY_AFTER,
        ),
    }
}

/// Bytes could not be staged.
pub(crate) fn not_staged(error: &StagingError) -> Problem {
    if matches!(error, StagingError::Busy) {
        return Problem::conflict(
            "upload_in_progress",
            "Another request is sending the bytes of this file; wait until it has ended.",
        );
    }
    tracing::error!(%error, "the bytes of an upload cannot be written");
    if error.is_full() {
        return store_full();
    }
    Problem::unavailable(
        "file_store_unavailable",
        "The directory for uploads cannot be used; resume later.",
        RETRY_AFTER,
    )
}

/// The file store has no room.
fn store_full() -> Problem {
    Problem::new(
        StatusCode::INSUFFICIENT_STORAGE,
        "file_store_full",
        "The file store is full. What has arrived is kept; resume once there is room.",
    )
    .with_retry_after(FULL_RETRY_AFTER)
}

/// A rule rejects the request before its command is executed.
pub(crate) fn refused(refusal: Refusal) -> Problem {
    match refusal.kind {
        RefusalKind::NotFound => Problem::not_found(),
        RefusalKind::Conflict => Problem::conflict(refusal.code, refusal.detail),
        _ => Problem::unprocessable(refusal.code, refusal.detail),
    }
}

/// Something uses the file.
pub(crate) fn in_use() -> Problem {
    Problem::conflict(
        "file_in_use",
        "A message or an avatar uses the file; recall the message or change the avatar first, or \
         let the file go with the last of them.",
    )
}

/// The request begins elsewhere than where the upload stopped.
pub(crate) fn wrong_offset(received: u64) -> Problem {
    Problem::conflict(
        "wrong_offset",
        format!("{received} bytes have arrived; continue after them, or begin at 0."),
    )
    .with_member("received", received)
}

/// The body has another size than was announced.
pub(crate) fn size_mismatch(expected: u64) -> Problem {
    Problem::unprocessable(
        "size_mismatch",
        format!("{expected} bytes were announced, and other bytes arrived; nothing is stored."),
    )
}

/// The file is larger than any may be.
pub(crate) fn file_too_large(limit: u64) -> Problem {
    Problem::too_large(format!("A file may have at most {limit} bytes."))
}

/// The user announces too many files at the same time.
pub(crate) fn too_many_at_once() -> Problem {
    Problem::unavailable(
        "busy",
        "You are announcing too many files at the same time; try again.",
        RETRY_AFTER,
    )
}
