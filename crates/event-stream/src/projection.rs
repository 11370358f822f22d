//! Custom projections: state that is folded from the log, from the first event on, and kept up to
//! date.
//!
//! A projection stores its cursor atomically with its state, for example in one transaction or in
//! one file that is replaced as a whole. Every event then takes effect exactly once, however often
//! the process is killed and restarted.
//!
//! `projector/examples/messages_per_hour.rs` is an example in a hundred lines.

use std::error::Error;
use std::time::Duration;

use connectivity::OutageLog;
use domain::envelope::Envelope;
use domain::history::CursorReference;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::source::EventSource;

/// How many events are folded at a time.
const BATCH_LIMIT: usize = 1_000;

/// The backoff after an error: doubled, up to the maximum.
const MIN_BACKOFF: Duration = Duration::from_millis(100);
const MAX_BACKOFF: Duration = Duration::from_secs(10);

/// State that is folded from the events of the log.
pub trait Projection {
    /// Why folding cannot continue for now.
    type Error: Error;

    /// The cursor of the last event that took effect, position 0 if none did. Called before every
    /// batch. If the log does not have that event any more, because it was restored from a backup,
    /// the projection is not continued: it has to be folded again from position 0.
    fn cursor(&mut self) -> impl Future<Output = Result<CursorReference, Self::Error>> + Send;

    /// Folds these events, which follow the cursor without a gap, and moves the cursor to the last
    /// of them ([`Envelope::cursor`]), atomically.
    fn fold(&mut self, events: &[Envelope])
    -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// Runs a projection until the stop signal. After an error it backs off and retries from the
/// position that the projection reports.
pub async fn run<P: Projection + Send>(
    projection: &mut P,
    mut source: EventSource,
    shutdown: &CancellationToken,
) {
    let mut pause = MIN_BACKOFF;
    let outages = OutageLog::new("The projection");
    while !shutdown.is_cancelled() {
        let interruption = tokio::select! {
            interruption = fold_until_error(projection, &mut source, &outages) => interruption,
            () = shutdown.cancelled() => return,
        };
        if interruption.has_folded {
            pause = MIN_BACKOFF;
        }
        outages.record_failure(&interruption.reason);
        shutdown.run_until_cancelled(sleep(pause)).await;
        pause = (pause * 2).min(MAX_BACKOFF);
    }
}

/// Why folding stopped, and whether it made progress before that.
struct FoldInterruption {
    has_folded: bool,
    reason: String,
}

async fn fold_until_error<P: Projection + Send>(
    projection: &mut P,
    source: &mut EventSource,
    outages: &OutageLog,
) -> FoldInterruption {
    let mut has_folded = false;
    let why = loop {
        match fold_next_batch(projection, source).await {
            Ok(()) => {
                has_folded = true;
                outages.record_success();
            }
            Err(why) => break why,
        }
    };
    FoldInterruption {
        has_folded,
        reason: why,
    }
}

/// Waits briefly for a batch and folds it.
async fn fold_next_batch<P: Projection + Send>(
    projection: &mut P,
    source: &mut EventSource,
) -> Result<(), String> {
    let cursor = projection
        .cursor()
        .await
        .map_err(|error| error.to_string())?;
    let events = source
        .next(cursor, BATCH_LIMIT)
        .await
        .map_err(|error| error.to_string())?;
    if events.is_empty() {
        return Ok(());
    }
    projection
        .fold(&events)
        .await
        .map_err(|error| error.to_string())
}
