//! Waiting for what is not there yet.

use std::time::Duration;

use anyhow::{Error, Result};
use tokio::time::Instant;

/// The pauses between tries: they double from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(2);
/// How often it is said that something is still not there.
const SAY_EVERY: Duration = Duration::from_secs(30);

/// A try that did not get there.
#[derive(Debug)]
pub enum Attempt {
    /// Another try may.
    Passing(Error),
    /// No other try will.
    Lasting(Error),
}

/// Tries until it is done, for as long as that takes, or until no try can help. `what` says in the
/// log what is wrong: "the log cannot be opened".
pub async fn until_done<T>(
    what: &'static str,
    mut attempt: impl AsyncFnMut() -> Result<T, Attempt>,
) -> Result<T> {
    let mut pause = FIRST_PAUSE;
    let mut said: Option<Instant> = None;
    loop {
        let error = match attempt().await {
            Ok(done) => return Ok(done),
            Err(Attempt::Lasting(error)) => return Err(error.context(what)),
            Err(Attempt::Passing(error)) => error,
        };
        if said.is_none_or(|at| at.elapsed() >= SAY_EVERY) {
            tracing::warn!(error = format!("{error:#}"), "{what}; trying again");
            said = Some(Instant::now());
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LAST_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_passes_is_tried_again_and_what_lasts_is_not() {
        let mut tries = 0;
        let outcome = until_done("it is away", async || {
            tries += 1;
            if tries < 20 {
                Err(Attempt::Passing(anyhow!("refused")))
            } else {
                Ok(tries)
            }
        })
        .await;
        assert_eq!(outcome.expect("got there"), 20);
        let outcome: Result<()> = until_done("it is away", async || {
            Err(Attempt::Lasting(anyhow!("wrong password")))
        })
        .await;
        assert_eq!(
            format!("{:#}", outcome.expect_err("lasting")),
            "it is away: wrong password"
        );
    }
}
