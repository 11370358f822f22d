//! What a webhook's worker reads: the log, from JetStream where that is near, in a task of its own, because
//! a source must not be cut off in the middle of a read.

use domain::envelope::Envelope;
use event_log::source::Source;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::sync::DropGuard;

/// Events read at once.
const BATCH: usize = 500;

/// Batches that wait for the worker.
const AHEAD: usize = 2;

/// The events of a stretch of the log that are of interest.
pub struct Stretch {
    /// In position order.
    pub events: Vec<Envelope>,
    /// Everything up to here was read.
    pub up_to: i64,
}

/// Reads until dropped.
pub struct Feed {
    stretches: mpsc::Receiver<Result<Stretch, sqlx::Error>>,
    _ending: DropGuard,
}

impl Feed {
    /// Reads what comes after a position and is `wanted`.
    pub fn begin(
        mut source: Source,
        after: i64,
        wanted: impl Fn(&Envelope) -> bool + Send + 'static,
    ) -> Self {
        let (sender, stretches) = mpsc::channel(AHEAD);
        let ending = CancellationToken::new();
        let ended = ending.clone();
        tokio::spawn(async move {
            let mut position = after;
            while !ended.is_cancelled() {
                let read = source.next(position, BATCH).await;
                let is_over = read.is_err();
                let stretch = read.map(|events| Stretch {
                    up_to: events.last().map_or(position, |last| last.position),
                    events: events.into_iter().filter(|event| wanted(event)).collect(),
                });
                let up_to = stretch.as_ref().map_or(position, |stretch| stretch.up_to);
                if (is_over || up_to > position) && sender.send(stretch).await.is_err() {
                    return;
                }
                position = up_to;
                if is_over {
                    return;
                }
            }
        });
        Self {
            stretches,
            _ending: ending.drop_guard(),
        }
    }

    /// The next stretch, when it is there. May be cut off.
    pub async fn next(&mut self) -> Result<Stretch, sqlx::Error> {
        match self.stretches.recv().await {
            Some(stretch) => stretch,
            None => Err(sqlx::Error::WorkerCrashed),
        }
    }
}
