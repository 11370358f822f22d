//! Retries with backoff, for dependencies that are not available yet.

use std::time::Duration;

use anyhow::{Error, Result};
use tokio::time::Instant;

/// The first delay between attempts. Delays double up to [`MAX_BACKOFF`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest delay between attempts.
const LAST_PAUSE: Duration = Duration::from_secs(2);
/// How often a continuing failure is logged.
const SAY_EVERY: Duration = Duration::from_secs(30);

/// Why an attempt failed.
#[derive(Debug)]
pub enum Attempt {
    /// A retry may succeed.
    Passing(Error),
    /// No retry will succeed.
    Lasting(Error),
}

/// Retries `attempt` without a time limit until it succeeds or fails permanently. `problem`
/// describes the failure in the log and in the error: "the log cannot be opened".
pub async fn until_done<T>(
    problem: &'static str,
    mut attempt: impl AsyncFnMut() -> Result<T, Attempt>,
) -> Result<T> {
    let mut backoff = FIRST_PAUSE;
    let mut logged: Option<Instant> = None;
    loop {
        let error = match attempt().await {
            Ok(done) => return Ok(done),
            Err(Attempt::Lasting(error)) => return Err(error.context(problem)),
            Err(Attempt::Passing(error)) => error,
        };
        if logged.is_none_or(|at| at.elapsed() >= SAY_EVERY) {
            tracing::warn!(error = format!("{error:#}"), "{problem}; retrying");
            logged = Some(Instant::now());
        }
        tokio::time::sleep(backoff).await;
        backoff = (backoff * 2).min(LAST_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn transient_errors_are_retried_and_permanent_errors_are_not() {
        let mut attempts = 0;
        let outcome = until_done("it is unavailable", async || {
            attempts += 1;
            if attempts < 20 {
                Err(Attempt::Passing(anyhow!("refused")))
            } else {
                Ok(attempts)
            }
        })
        .await;
        assert_eq!(outcome.expect("the last attempt succeeds"), 20);
        let outcome: Result<()> = until_done("it is unavailable", async || {
            Err(Attempt::Lasting(anyhow!("wrong password")))
        })
        .await;
        assert_eq!(
            format!("{:#}", outcome.expect_err("the error is permanent")),
            "it is unavailable: wrong password"
        );
    }
}
