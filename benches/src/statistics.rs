//! Medians and percentiles of measured times, and ratios with their precision.

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

/// How many times larger the second of two figures is than the first, from pairs that were measured
/// right after each other.
#[derive(Debug, Clone, Copy)]
pub struct RatioEstimate {
    /// The geometric mean of the ratios.
    pub ratio: f64,
    /// The bounds between which the ratio lies in 95 of 100 such runs: the logarithms are taken to
    /// have a normal distribution.
    pub interval: (f64, f64),
}

impl RatioEstimate {
    /// The estimate from pairs of positive figures. A single pair has no interval.
    pub fn of_pairs(pairs: &[(f64, f64)]) -> Self {
        let logs: Vec<f64> = pairs
            .iter()
            .map(|(first, second)| (second / first).ln())
            .collect();
        let count = logs.len() as f64;
        let mean = logs.iter().sum::<f64>() / count;
        let squares: f64 = logs.iter().map(|log| (log - mean).powi(2)).sum();
        let error = (squares / (count - 1.0) / count).sqrt();
        Self {
            ratio: mean.exp(),
            interval: ((mean - 1.96 * error).exp(), (mean + 1.96 * error).exp()),
        }
    }
}

impl Display for RatioEstimate {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (low, high) = self.interval;
        write!(f, "{:.3} ({low:.3} to {high:.3})", self.ratio)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_that_slows_down_does_not_change_the_ratio() {
        let estimate = RatioEstimate::of_pairs(&[(100.0, 90.0), (50.0, 45.0), (200.0, 180.0)]);
        assert!((estimate.ratio - 0.9).abs() < 1e-9);
        assert!((estimate.interval.1 - estimate.interval.0).abs() < 1e-9);
    }

    #[test]
    fn pairs_that_disagree_have_a_wide_interval() {
        let estimate = RatioEstimate::of_pairs(&[(100.0, 50.0), (100.0, 200.0)]);
        assert!((estimate.ratio - 1.0).abs() < 1e-9);
        assert!(estimate.interval.0 < 0.3 && estimate.interval.1 > 3.0);
    }
}
