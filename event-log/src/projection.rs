//! Projections of one's own: something that is folded from the log, from the first event on, and then
//! stays up to date.
//!
//! A projection keeps its position together with what it has folded, so that neither can be without the
//! other: in one transaction, in one file that is replaced as a whole. Then every event takes effect
//! exactly once, however often this is killed and started again.
//!
//! `projector/examples/messages_per_hour.rs` is one, in a hundred lines.

use std::error::Error;
use std::time::Duration;

use domain::envelope::Envelope;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::source::Source;

/// Events folded at once.
const BATCH: usize = 1_000;

/// The wait after an error, doubled up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What is folded.
pub trait Projection {
    /// Why it cannot go on for now.
    type Error: Error;

    /// The last event that took effect, 0 if none did. Asked at the start and after every error.
    fn position(&mut self) -> impl Future<Output = Result<i64, Self::Error>> + Send;

    /// Folds these events, which follow the position without a gap, and moves it to the last of them: all of
    /// that, or nothing.
    fn fold(&mut self, events: &[Envelope])
    -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// Folds until the stop signal. After an error it waits a little and tries again from where the
/// projection says that it is.
pub async fn follow<P: Projection + Send>(
    projection: &mut P,
    mut source: Source,
    shutdown: &CancellationToken,
) {
    let mut pause = FIRST_PAUSE;
    while !shutdown.is_cancelled() {
        let ended = tokio::select! {
            ended = fold_on(projection, &mut source) => ended,
            () = shutdown.cancelled() => return,
        };
        if ended.has_folded {
            pause = FIRST_PAUSE;
        }
        tracing::warn!(error = ended.why, "the projection waits");
        shutdown.run_until_cancelled(sleep(pause)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

struct Ended {
    has_folded: bool,
    why: String,
}

async fn fold_on<P: Projection + Send>(projection: &mut P, source: &mut Source) -> Ended {
    let mut has_folded = false;
    let why = loop {
        match step(projection, source).await {
            Ok(()) => has_folded = true,
            Err(why) => break why,
        }
    };
    Ended { has_folded, why }
}

/// One batch, if one comes within a moment.
async fn step<P: Projection + Send>(projection: &mut P, source: &mut Source) -> Result<(), String> {
    let position = projection
        .position()
        .await
        .map_err(|error| error.to_string())?;
    let events = source
        .next(position, BATCH)
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
