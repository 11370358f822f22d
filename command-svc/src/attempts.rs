//! The attempts of a command: how many there are, and the pauses between them.

use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use crate::error::CommandError;

/// Attempts for one command before it fails with `Contention`. Each conflict means that another
/// writer was faster. Within one process one or two attempts suffice; with two processes that write
/// to the same few conversations without pause, 16 were too few for 2 of 1,000 sends.
const MAX_ATTEMPTS: u32 = 64;

/// The maximum backoff before another attempt.
const MAX_BACKOFF: Duration = Duration::from_millis(50);

/// Counts the attempts of a command or of a batch.
#[derive(Default)]
pub(crate) struct Attempts(u32);

impl Attempts {
    /// Pauses before the next attempt. Fails with `Contention` after the last one.
    pub(crate) async fn start_next(&mut self) -> Result<(), CommandError> {
        if self.0 == MAX_ATTEMPTS {
            return Err(CommandError::Contention);
        }
        back_off(self.0).await;
        self.0 += 1;
        Ok(())
    }
}

/// Pauses before an attempt, with exponential backoff and jitter. There is no pause before the
/// first two attempts, because the conflicting change is already known by the second.
async fn back_off(attempt: u32) {
    let Some(doublings) = attempt.checked_sub(2) else {
        return;
    };
    let max_pause = Duration::from_millis(1 << doublings.min(6)).min(MAX_BACKOFF);
    let random = std::hash::RandomState::new().build_hasher().finish();
    tokio::time::sleep(max_pause.mul_f64(random as f64 / u64::MAX as f64)).await;
}
