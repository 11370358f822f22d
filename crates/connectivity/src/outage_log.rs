//! Logs that a server is away, and that it is back: two lines for an outage, not one for every
//! attempt.

use std::fmt::Display;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The shortest time between two reports of an outage. Of a server that comes and goes faster, the
/// log shows a part.
const REPORT_INTERVAL: Duration = Duration::from_secs(10);

/// Whether something that a service needs works, for the log. Shared by all who try.
#[derive(Debug)]
pub struct OutageLog {
    subject: &'static str,
    state: Mutex<OutageState>,
}

#[derive(Debug, Default)]
struct OutageState {
    outage: Option<Outage>,
    /// When the last outage was reported.
    reported_at: Option<Instant>,
}

#[derive(Debug)]
struct Outage {
    began: Instant,
    failures: u64,
    is_reported: bool,
}

impl OutageLog {
    /// The log of what `subject` names, at the beginning of a sentence: "Postgres".
    pub const fn new(subject: &'static str) -> Self {
        Self {
            subject,
            state: Mutex::new(OutageState {
                outage: None,
                reported_at: None,
            }),
        }
    }

    /// What this is the log of.
    pub fn subject(&self) -> &'static str {
        self.subject
    }

    /// Records a failed attempt. The first one of an outage is logged with its error.
    pub fn record_failure(&self, error: &dyn Display) {
        let mut state = self.lock();
        let is_due = state
            .reported_at
            .is_none_or(|at| at.elapsed() >= REPORT_INTERVAL);
        let outage = state.outage.get_or_insert_with(|| Outage {
            began: Instant::now(),
            failures: 0,
            is_reported: false,
        });
        outage.failures += 1;
        if outage.is_reported || !is_due {
            tracing::debug!(%error, "{} failed again", self.subject);
            return;
        }
        outage.is_reported = true;
        state.reported_at = Some(Instant::now());
        drop(state);
        tracing::warn!(%error, "{} failed; this is retried until it succeeds", self.subject);
    }

    /// Records a success. The first one after an outage is logged with how long that took.
    pub fn record_success(&self) {
        let Some(outage) = self.lock().outage.take() else {
            return;
        };
        if outage.is_reported {
            tracing::info!(
                seconds = (outage.began.elapsed().as_secs_f64() * 10.0).round() / 10.0,
                failures = outage.failures,
                "{} works again",
                self.subject
            );
        }
    }

    /// Records the result of an attempt, and returns it.
    pub fn record<T, E: Display>(&self, outcome: Result<T, E>) -> Result<T, E> {
        match &outcome {
            Ok(_) => self.record_success(),
            Err(error) => self.record_failure(error),
        }
        outcome
    }

    /// Whether the last attempt has failed.
    pub fn is_away(&self) -> bool {
        self.lock().outage.is_some()
    }

    fn lock(&self) -> MutexGuard<'_, OutageState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tracing::{Event, Subscriber};
    use tracing_subscriber::Layer;
    use tracing_subscriber::layer::{Context, SubscriberExt as _};

    use super::*;

    /// Counts the events from INFO up.
    #[derive(Clone, Default)]
    struct LineCounter(Arc<Mutex<usize>>);

    impl<S: Subscriber> Layer<S> for LineCounter {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            if *event.metadata().level() <= tracing::Level::INFO {
                *self.0.lock().expect("no panic") += 1;
            }
        }
    }

    #[test]
    fn an_outage_has_two_lines_and_a_flapping_server_no_more_than_one_pair_an_interval() {
        let lines = LineCounter::default();
        let count = || *lines.0.lock().expect("no panic");
        let subscriber = tracing_subscriber::registry().with(lines.clone());
        tracing::subscriber::with_default(subscriber, || {
            let log = OutageLog::new("the test");
            log.record_success();
            assert_eq!(count(), 0);
            for _ in 0..1_000 {
                assert!(log.record(Err::<(), _>("refused")).is_err());
            }
            assert_eq!(count(), 1);
            assert!(log.is_away());
            log.record_success();
            log.record_success();
            assert_eq!(count(), 2);
            assert!(!log.is_away());
            for _ in 0..1_000 {
                log.record_failure(&"refused");
                log.record_success();
            }
            assert_eq!(count(), 2);
        });
    }
}
