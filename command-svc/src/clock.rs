//! The clock that commands read the time from. Tests replace it to control the time.

use std::sync::Arc;

use domain::time::Timestamp;
use time::OffsetDateTime;

/// A source of the current time. Clones share the same source.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The system clock.
    pub fn system() -> Self {
        Self::new(|| OffsetDateTime::now_utc().into())
    }

    /// A clock that calls this function for the current time.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The current time, with millisecond precision.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}
