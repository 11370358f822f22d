//! Whether the mirror follows the log. Every process that can relay asks the stream itself, even if
//! another one relays; so the metrics do not depend on what a relay believes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream;
use connectivity::timeout::{EXCHANGE_TIMEOUT, within};
use event_log::reader::LogReader;
use metrics::gauge;
use tokio::time::{Instant, interval};
use tokio_util::sync::CancellationToken;

use crate::mirror::{self, MirrorConfig, MirrorError, MirrorState};

/// How often the stream is asked.
const SAMPLE_INTERVAL: Duration = Duration::from_secs(1);

/// How long the stream may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// How long the stream may be behind without moving before `tidings_mirror_up` is 0. A relay that
/// starts over, or an election, needs less.
const UP_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the mirror may stall before readiness reports it and an embedded nats-server is
/// restarted.
pub const STALL_TIMEOUT: Duration = Duration::from_secs(30);

/// What this process knows of the mirror. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct MirrorHealth(Arc<Mutex<HealthState>>);

#[derive(Debug, Default)]
struct HealthState {
    head: i64,
    position: i64,
    /// Since when the stream has not moved although the log is ahead, or has not answered.
    stalled_since: Option<Instant>,
    /// What the stream answered last, if that was an error.
    cause: Option<String>,
}

/// A stall: the mirror does not follow the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirrorStall {
    /// The last known position of the stream.
    pub position: i64,
    /// The head of the log.
    pub head: i64,
    /// Since when.
    pub duration: Duration,
    /// Why the stream does not answer. `None` if it does and does not move.
    pub cause: Option<String>,
}

impl MirrorHealth {
    /// The stall, if the mirror has not followed the log for [`STALL_TIMEOUT`].
    pub fn stall(&self) -> Option<MirrorStall> {
        let state = self.lock();
        let duration = state.stalled_since?.elapsed();
        (duration >= STALL_TIMEOUT).then_some(MirrorStall {
            position: state.position,
            head: state.head,
            duration,
            cause: state.cause.clone(),
        })
    }

    /// Records the head of the log, read before the state of the stream, and that state. Without a
    /// head, nobody can say whether the stream should move.
    fn record(&self, head: Option<i64>, stream: &Result<Option<MirrorState>, MirrorError>) {
        let mut health = self.lock();
        health.head = head.unwrap_or(health.head);
        let previous = health.position;
        let is_known = matches!(stream, Ok(Some(_)));
        health.cause = match stream {
            Ok(Some(_)) => None,
            Ok(None) => Some("there is no stream".into()),
            Err(error) => Some(error.to_string()),
        };
        match stream {
            Ok(Some(state)) => {
                health.position = state.last;
                gauge!("tidings_mirror_replicas").set(state.replicas as f64);
            }
            Ok(None) => health.position = 0,
            // It cannot move, so the last known position stays right.
            Err(_) => {}
        }
        let has_moved = is_known && health.position != previous;
        let follows = is_known && health.position >= health.head;
        if head.is_none() || has_moved || follows {
            health.stalled_since = None;
        } else {
            health.stalled_since.get_or_insert_with(Instant::now);
        }
        let has_stalled = health
            .stalled_since
            .is_some_and(|since| since.elapsed() >= UP_TIMEOUT);
        let is_up = is_known && !has_stalled;
        gauge!("tidings_mirror_up").set(f64::from(u8::from(is_up)));
        gauge!("tidings_mirror_position").set(health.position as f64);
        // Without an answer, this counts from the last known position; it never looks like 0 while
        // the log has events that the stream may lack.
        gauge!("tidings_mirror_lag_events").set((health.head - health.position).max(0) as f64);
    }

    fn lock(&self) -> MutexGuard<'_, HealthState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks the stream and the log at an interval.
pub struct MirrorMonitor {
    reader: LogReader,
    nats: async_nats::Client,
    jetstream: jetstream::Context,
    config: MirrorConfig,
    health: MirrorHealth,
}

impl MirrorMonitor {
    /// A monitor that records what it finds in `health`.
    pub fn new(
        reader: LogReader,
        nats: async_nats::Client,
        config: MirrorConfig,
        health: MirrorHealth,
    ) -> Self {
        let mut jetstream = jetstream::new(nats.clone());
        jetstream.set_timeout(ANSWER_TIMEOUT);
        Self {
            reader,
            nats,
            jetstream,
            config,
            health,
        }
    }

    /// Asks once.
    pub async fn step(&mut self) {
        let head = within(EXCHANGE_TIMEOUT, self.reader.head()).await.ok();
        let stream = if self.nats.connection_state() == State::Connected {
            mirror::load_state(&self.jetstream, &self.config).await
        } else {
            Err(MirrorError::NotConnected)
        };
        self.health.record(head.map(|head| head.position), &stream);
    }
}

/// Runs a monitor until `shutdown`.
pub async fn run(mut monitor: MirrorMonitor, shutdown: CancellationToken) {
    let mut round = interval(SAMPLE_INTERVAL);
    while shutdown.run_until_cancelled(round.tick()).await.is_some() {
        if shutdown.run_until_cancelled(monitor.step()).await.is_none() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    fn stream(last: i64) -> MirrorState {
        MirrorState {
            first: 1,
            last,
            log_id: None,
            replicas: 1,
            has_configured_limits: true,
        }
    }

    fn away() -> Result<Option<MirrorState>, MirrorError> {
        Err(MirrorError::Unavailable("away".into()))
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_mirror_that_is_behind_and_does_not_move_stalls() {
        let health = MirrorHealth::default();
        for (head, last) in [(5, 5), (9, 6), (20, 7), (20, 20)] {
            health.record(Some(head), &Ok(Some(stream(last))));
            advance(STALL_TIMEOUT).await;
            assert_eq!(health.stall(), None, "{head} {last}");
        }
        health.record(Some(21), &Ok(Some(stream(20))));
        advance(STALL_TIMEOUT / 2).await;
        assert_eq!(health.stall(), None);
        health.record(Some(22), &away());
        advance(STALL_TIMEOUT / 2).await;
        let found = MirrorStall {
            position: 20,
            head: 22,
            duration: STALL_TIMEOUT,
            cause: away().err().map(|error| error.to_string()),
        };
        assert_eq!(health.stall(), Some(found));
        health.record(Some(22), &Ok(Some(stream(21))));
        assert_eq!(health.stall(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_head_nothing_is_known() {
        let health = MirrorHealth::default();
        health.record(Some(5), &away());
        advance(STALL_TIMEOUT).await;
        assert!(health.stall().is_some());
        health.record(None, &away());
        assert_eq!(health.stall(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_that_never_answers_stalls() {
        let health = MirrorHealth::default();
        health.record(Some(0), &away());
        advance(STALL_TIMEOUT).await;
        health.record(Some(0), &away());
        assert!(health.stall().is_some());
    }
}
