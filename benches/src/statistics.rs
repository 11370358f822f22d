//! Medians and percentiles of measured times.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use serde::Serialize;

/// The value below which this share of the sorted values lies, or the default if there are none.
pub fn quantile<T: Copy + Default>(sorted: &[T], share: f64) -> T {
    let last = sorted.len().saturating_sub(1) as f64;
    sorted
        .get((last * share) as usize)
        .copied()
        .unwrap_or_default()
}

/// The median, or zero without any times.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    quantile(&times, 0.5)
}

/// Milliseconds, with their fraction.
pub fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Two percentiles of measured times, in milliseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Percentiles {
    /// The median.
    pub p50: f64,
    /// The 99th percentile.
    pub p99: f64,
}

impl Percentiles {
    /// The percentiles of these times.
    pub fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self {
            p50: millis(quantile(&times, 0.5)),
            p99: millis(quantile(&times, 0.99)),
        }
    }
}

impl Display for Percentiles {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} ms, {:.1} ms", self.p50, self.p99)
    }
}
