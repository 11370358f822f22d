//! The current time, and durations in milliseconds.

use std::time::Duration;

use domain::time::Timestamp;
use time::OffsetDateTime;

/// Returns the current time.
pub fn now() -> Timestamp {
    OffsetDateTime::now_utc().into()
}

/// Converts a duration to milliseconds.
pub fn to_millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
