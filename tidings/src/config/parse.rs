//! The formats of values on the command line.

use std::time::Duration;

use domain::time::Timestamp;

/// Parses a human-readable duration: `7d`, `90s`, `1h 30m`.
pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| error.to_string())
}

/// Parses a point in time in RFC 3339.
pub(super) fn parse_time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| "expected a time such as 2026-11-01T00:00:00Z".to_owned())
}
