//! The event feed of a webhook's worker. It reads the log, from JetStream if available, in a task
//! of its own, because a read from a source must not be cancelled midway.

use domain::envelope::Envelope;
use domain::history::CursorReference;
use event_stream::lineage::SourceError;
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
    batches: mpsc::Receiver<Result<EventBatch, SourceError>>,
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
            let mut cursor = CursorReference::bare(after);
            while !stopped.is_cancelled() {
                let read = source.next(cursor, MAX_BATCH_EVENTS).await;
                let has_failed = read.is_err();
                let last = read.as_ref().ok().and_then(|events| events.last());
                let reached = last.map_or(cursor, Envelope::cursor);
                let batch = read.map(|events| EventBatch {
                    up_to: reached.position,
                    events: events.into_iter().filter(|event| wanted(event)).collect(),
                });
                let has_advanced = reached.position > cursor.position;
                if (has_failed || has_advanced) && sender.send(batch).await.is_err() {
                    return;
                }
                cursor = reached;
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
    pub async fn next(&mut self) -> Result<EventBatch, SourceError> {
        match self.batches.recv().await {
            Some(batch) => batch,
            None => Err(sqlx::Error::WorkerCrashed.into()),
        }
    }
}
