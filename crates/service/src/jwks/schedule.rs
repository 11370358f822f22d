//! When the keys are fetched next.

use std::time::Duration;

use tokio::time::Instant;

/// The shortest time between two fetches, whatever Cache-Control says.
const MIN_INTERVAL: Duration = Duration::from_secs(60);

/// The longest time, because a key that was withdrawn is trusted so long.
const MAX_INTERVAL: Duration = Duration::from_secs(24 * 3_600);

/// The time between the first two attempts after a failure. It doubles up to the interval.
const FIRST_RETRY: Duration = Duration::from_secs(1);

/// Plans the fetches of one document.
pub struct FetchSchedule {
    interval: Duration,
    retry: Duration,
    due: Instant,
}

impl FetchSchedule {
    /// Fetches at this interval, unless Cache-Control says otherwise. An interval outside the
    /// bounds is taken as it is, and Cache-Control cannot exceed it further.
    pub fn new(interval: Duration) -> Self {
        Self {
            interval: interval.max(Duration::from_millis(100)),
            retry: FIRST_RETRY,
            due: Instant::now(),
        }
    }

    /// When the next fetch is due.
    pub fn due(&self) -> Instant {
        self.due
    }

    /// Plans the fetch after one that has succeeded.
    pub fn plan(&mut self, fresh_for: Option<Duration>) {
        let shortest = MIN_INTERVAL.min(self.interval);
        let longest = MAX_INTERVAL.max(self.interval);
        let wait = fresh_for.unwrap_or(self.interval).clamp(shortest, longest);
        self.retry = FIRST_RETRY;
        self.due = Instant::now() + wait;
    }

    /// Plans the fetch after one that has failed.
    pub fn plan_retry(&mut self) {
        let wait = self.retry.min(self.interval);
        self.retry = (self.retry * 2).min(self.interval.max(FIRST_RETRY));
        self.due = Instant::now() + wait;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(schedule: &FetchSchedule) -> u64 {
        (schedule.due() - Instant::now()).as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn cache_control_counts_within_the_bounds() {
        let mut schedule = FetchSchedule::new(Duration::from_secs(600));
        for (fresh_for, expected) in [
            (None, 600),
            (Some(3_600), 3_600),
            (Some(0), 60),
            (Some(1_000_000), 86_400),
        ] {
            schedule.plan(fresh_for.map(Duration::from_secs));
            assert_eq!(wait(&schedule), expected, "{fresh_for:?}");
        }
        let mut short = FetchSchedule::new(Duration::from_secs(5));
        short.plan(Some(Duration::ZERO));
        assert_eq!(wait(&short), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn retries_double_up_to_the_interval() {
        let mut schedule = FetchSchedule::new(Duration::from_secs(5));
        let mut waits = Vec::new();
        for _ in 0..5 {
            schedule.plan_retry();
            waits.push(wait(&schedule));
        }
        assert_eq!(waits, [1, 2, 4, 5, 5]);
        schedule.plan(None);
        schedule.plan_retry();
        assert_eq!(wait(&schedule), 1);
    }
}
