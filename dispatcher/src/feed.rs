//! The event feed of a webhook's worker. It reads the log, from JetStream if available, in a task
//! of its own, because a read from a source must not be cancelled midway.

use domain::envelope::Envelope;
use event_stream::source::EventSource;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::sync::DropGuard;

/// The maximum number of events per batch.
const MAX_BATCH_EVENTS: usize = 500;

/// The maximum number of batches that are read ahead of the worker.
const MAX_BATCHES_AHEAD: usize = 2;

/// A batch of events from the log, filtered to those that the webhook wants.
pub struct EventBatch {
    /// The events, in order of position.
    pub events: Vec<Envelope>,
    /// The last log position that was read, including events that were filtered out.
    pub up_to: i64,
}

/// Reads the log in a background task, which ends when this is dropped.
pub struct EventFeed {
    batches: mpsc::Receiver<Result<EventBatch, sqlx::Error>>,
    _stop_on_drop: DropGuard,
}

impl EventFeed {
    /// Starts to read the events after a position that are `wanted`.
    pub fn spawn(
        mut source: EventSource,
        after: i64,
        wanted: impl Fn(&Envelope) -> bool + Send + 'static,
    ) -> Self {
        let (sender, batches) = mpsc::channel(MAX_BATCHES_AHEAD);
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        tokio::spawn(async move {
            let mut position = after;
            while !stopped.is_cancelled() {
                let read = source.next(position, MAX_BATCH_EVENTS).await;
                let has_failed = read.is_err();
                let batch = read.map(|events| EventBatch {
                    up_to: events.last().map_or(position, |last| last.position),
                    events: events.into_iter().filter(|event| wanted(event)).collect(),
                });
                let up_to = batch.as_ref().map_or(position, |batch| batch.up_to);
                if (has_failed || up_to > position) && sender.send(batch).await.is_err() {
                    return;
                }
                position = up_to;
                if has_failed {
                    return;
                }
            }
        });
        Self {
            batches,
            _stop_on_drop: stop.drop_guard(),
        }
    }

    /// Waits for the next batch. Cancel-safe.
    pub async fn next(&mut self) -> Result<EventBatch, sqlx::Error> {
        match self.batches.recv().await {
            Some(batch) => batch,
            None => Err(sqlx::Error::WorkerCrashed),
        }
    }
}
