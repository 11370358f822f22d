//! Retries with backoff, for dependencies that are not available yet.

use std::time::Duration;

use anyhow::{Error, Result};
use connectivity::OutageLog;

/// The first delay between attempts. Delays double up to [`MAX_BACKOFF`].
const MIN_BACKOFF: Duration = Duration::from_millis(100);
/// The longest delay between attempts.
const MAX_BACKOFF: Duration = Duration::from_secs(2);

/// Why an attempt failed.
#[derive(Debug)]
pub enum RetryError {
    /// A retry may succeed.
    Transient(Error),
    /// No retry will succeed.
    Permanent(Error),
}

impl RetryError {
    /// The reason, where nothing is retried.
    pub fn into_error(self) -> Error {
        match self {
            Self::Transient(error) | Self::Permanent(error) => error,
        }
    }
}

/// Retries `attempt` without a time limit until it succeeds or fails permanently. The first failure
/// and the success after it are logged to `outages`, whose subject is also in the error.
pub async fn retry_until_ok<T>(
    outages: &OutageLog,
    mut attempt: impl AsyncFnMut() -> Result<T, RetryError>,
) -> Result<T> {
    let mut backoff = MIN_BACKOFF;
    loop {
        let error = match attempt().await {
            Ok(done) => {
                outages.record_success();
                return Ok(done);
            }
            Err(RetryError::Permanent(error)) => {
                return Err(error.context(format!("{} failed", outages.subject())));
            }
            Err(RetryError::Transient(error)) => error,
        };
        outages.record_failure(&format_args!("{error:#}"));
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
        let outcome = retry_until_ok(&OutageLog::new("Connecting"), async || {
            attempts += 1;
            if attempts < 20 {
                Err(RetryError::Transient(anyhow!("refused")))
            } else {
                Ok(attempts)
            }
        })
        .await;
        assert_eq!(outcome.expect("the last attempt succeeds"), 20);
        let outcome: Result<()> = retry_until_ok(&OutageLog::new("Connecting"), async || {
            Err(RetryError::Permanent(anyhow!("wrong password")))
        })
        .await;
        assert_eq!(
            format!("{:#}", outcome.expect_err("the error is permanent")),
            "Connecting failed: wrong password"
        );
    }
}
