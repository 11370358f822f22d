//! Retries with backoff, for dependencies that are not available yet.

use std::time::Duration;

use anyhow::{Error, Result};
use tokio::time::Instant;

/// The first delay between attempts. Delays double up to [`MAX_BACKOFF`].
const MIN_BACKOFF: Duration = Duration::from_millis(100);
/// The longest delay between attempts.
const MAX_BACKOFF: Duration = Duration::from_secs(2);
/// How often a continuing failure is logged.
const LOG_INTERVAL: Duration = Duration::from_secs(30);

/// Why an attempt failed.
#[derive(Debug)]
pub enum RetryError {
    /// A retry may succeed.
    Transient(Error),
    /// No retry will succeed.
    Permanent(Error),
}

/// Retries `attempt` without a time limit until it succeeds or fails permanently. `problem`
/// describes the failure in the log and in the error: "the log cannot be opened".
pub async fn retry_until_ok<T>(
    problem: &'static str,
    mut attempt: impl AsyncFnMut() -> Result<T, RetryError>,
) -> Result<T> {
    let mut backoff = MIN_BACKOFF;
    let mut logged: Option<Instant> = None;
    loop {
        let error = match attempt().await {
            Ok(done) => return Ok(done),
            Err(RetryError::Permanent(error)) => return Err(error.context(problem)),
            Err(RetryError::Transient(error)) => error,
        };
        if logged.is_none_or(|at| at.elapsed() >= LOG_INTERVAL) {
            tracing::warn!(error = format!("{error:#}"), "{problem}; retrying");
            logged = Some(Instant::now());
        }
        tokio::time::sleep(backoff).await;
        backoff = (backoff * 2).min(MAX_BACKOFF);
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn transient_errors_are_retried_and_permanent_errors_are_not() {
        let mut attempts = 0;
        let outcome = retry_until_ok("it is unavailable", async || {
            attempts += 1;
            if attempts < 20 {
                Err(RetryError::Transient(anyhow!("refused")))
            } else {
                Ok(attempts)
            }
        })
        .await;
        assert_eq!(outcome.expect("the last attempt succeeds"), 20);
        let outcome: Result<()> = retry_until_ok("it is unavailable", async || {
            Err(RetryError::Permanent(anyhow!("wrong password")))
        })
        .await;
        assert_eq!(
            format!("{:#}", outcome.expect_err("the error is permanent")),
            "it is unavailable: wrong password"
        );
    }
}
