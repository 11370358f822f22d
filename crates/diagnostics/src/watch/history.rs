//! What the screen shows: the last samples, and the rates between them.

use std::collections::VecDeque;
use std::time::Instant;

use super::metrics::Metrics;
use crate::status::SystemStatus;

/// The rates that are kept for a course: two minutes at one sample every two seconds.
const MAX_POINTS: usize = 60;

/// The system at one moment.
pub struct Sample {
    /// When it was taken.
    pub at: Instant,
    /// The status, or the reason why there is none.
    pub status: Result<SystemStatus, String>,
    /// The metrics of the process that runs on the data directory, or the reason why there are
    /// none.
    pub metrics: Result<Metrics, String>,
}

impl Sample {
    /// Sums series of the metrics.
    pub fn metric(&self, name: &str, label: &str) -> Option<f64> {
        self.metrics.as_ref().ok()?.sum(name, label)
    }

    fn head(&self) -> Option<f64> {
        let database = self.status.as_ref().ok()?.database.as_ref()?;
        Some(database.projection.head as f64)
    }

    fn wal(&self) -> Option<f64> {
        let database = self.status.as_ref().ok()?.database.as_ref()?;
        Some(database.wal.written_bytes as f64)
    }
}

/// A number that only grows, of which the rate is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counter {
    /// Events that were appended to the log.
    Events,
    /// Requests that were answered.
    Requests,
    /// Commands that were executed.
    Commands,
    /// Entries that were sent to live connections.
    Entries,
    /// Bytes of write-ahead log.
    Wal,
    /// Requests that failed.
    Failures,
    /// Commands that a rule refused.
    Refusals,
    /// Live connections that were too slow, or too many.
    Drops,
}

impl Counter {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Events,
        Self::Requests,
        Self::Commands,
        Self::Entries,
        Self::Wal,
        Self::Failures,
        Self::Refusals,
        Self::Drops,
    ];

    /// What the screen calls it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Events => "events/s",
            Self::Requests => "requests/s",
            Self::Commands => "commands/s",
            Self::Entries => "live entries/s",
            Self::Wal => "WAL bytes/s",
            Self::Failures => "failed requests/s",
            Self::Refusals => "refused commands/s",
            Self::Drops => "dropped connections/s",
        }
    }

    fn value(self, sample: &Sample) -> Option<f64> {
        match self {
            Self::Events => sample.head(),
            Self::Wal => sample.wal(),
            Self::Requests => sample.metric("tidings_http_requests_total", ""),
            Self::Commands => sample.metric("tidings_command_seconds_count", ""),
            Self::Entries => sample.metric("tidings_live_entries_total", ""),
            Self::Failures => sample.count("tidings_http_requests_total", "status=\"5"),
            Self::Refusals => sample.count("tidings_refused_total", ""),
            Self::Drops => Some(
                sample.count("tidings_live_slow_total", "")?
                    + sample.count("tidings_live_refused_total", "")?,
            ),
        }
    }
}

impl Sample {
    /// A counter that a process has not recorded yet is 0.
    fn count(&self, name: &str, label: &str) -> Option<f64> {
        let metrics = self.metrics.as_ref().ok()?;
        Some(metrics.sum(name, label).unwrap_or(0.0))
    }
}

/// The last sample, and the rates up to it.
#[derive(Default)]
pub struct WatchHistory {
    last: Option<Sample>,
    /// The rates by counter, in the order of [`Counter::ALL`].
    rates: [VecDeque<f64>; Counter::ALL.len()],
}

impl WatchHistory {
    /// Adds a sample. A counter that shrinks belongs to a process that has started again.
    pub fn add(&mut self, sample: Sample) {
        if let Some(last) = &self.last {
            let seconds = sample.at.duration_since(last.at).as_secs_f64();
            for (counter, rates) in Counter::ALL.into_iter().zip(&mut self.rates) {
                let values = counter.value(last).zip(counter.value(&sample));
                let grown = values.map(|(before, now)| now - before);
                let Some(grown) = grown.filter(|grown| *grown >= 0.0 && seconds > 0.0) else {
                    continue;
                };
                if rates.len() == MAX_POINTS {
                    rates.pop_front();
                }
                rates.push_back(grown / seconds);
            }
        }
        self.last = Some(sample);
    }

    /// The last sample.
    pub fn last(&self) -> Option<&Sample> {
        self.last.as_ref()
    }

    /// The rates of a counter, the newest last.
    pub fn rates(&self, counter: Counter) -> impl Iterator<Item = f64> {
        let index = Counter::ALL.iter().position(|other| *other == counter);
        let rates = index.and_then(|index| self.rates.get(index));
        rates.into_iter().flatten().copied()
    }

    /// The newest rate of a counter. `None` if it is not known.
    pub fn rate(&self, counter: Counter) -> Option<f64> {
        self.rates(counter).last()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn sample(at: Instant, seconds: u64, requests: u32) -> Sample {
        Sample {
            at: at + Duration::from_secs(seconds),
            status: Err("away".into()),
            metrics: Ok(Metrics::parse(&format!(
                "tidings_http_requests_total{{status=\"200\"}} {requests}"
            ))),
        }
    }

    #[test]
    fn a_rate_is_what_a_counter_has_grown_per_second() {
        let (mut history, at) = (WatchHistory::default(), Instant::now());
        history.add(sample(at, 0, 100));
        assert_eq!(history.rate(Counter::Requests), None);
        history.add(sample(at, 2, 110));
        assert_eq!(history.rate(Counter::Requests), Some(5.0));
        // There were no failures, and the log cannot be read.
        assert_eq!(history.rate(Counter::Failures), Some(0.0));
        assert_eq!(history.rate(Counter::Events), None);
        // The process has started again.
        history.add(sample(at, 4, 3));
        assert_eq!(history.rates(Counter::Requests).count(), 1);
        history.add(sample(at, 6, 5));
        assert_eq!(history.rate(Counter::Requests), Some(1.0));
    }

    #[test]
    fn the_course_has_a_bound() {
        let (mut history, at) = (WatchHistory::default(), Instant::now());
        for second in 0..200_u32 {
            history.add(sample(at, second.into(), second));
        }
        assert_eq!(history.rates(Counter::Requests).count(), MAX_POINTS);
    }
}
