//! The clock that the times in a token are compared with.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How much the clocks of the issuer and of this machine may differ, in seconds.
pub const CLOCK_LEEWAY_SECONDS: u64 = 60;

/// The current time in seconds since 1970; 0 if the clock is set before 1970.
pub(super) fn unix_now() -> u64 {
    unix_time().as_secs()
}

/// The current time since 1970; 0 if the clock is set before 1970.
pub(super) fn unix_time() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}
