//! Time limits for exchanges with Postgres. A server that vanished or is frozen sends no error, and
//! its connections stay open.

use std::io;
use std::time::Duration;

/// How long a short exchange may take: connecting, an append, a look-up by key.
pub const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(2);

/// How long reading a page of events may take.
pub const PAGE_TIMEOUT: Duration = Duration::from_secs(5);

/// Runs an exchange, and fails with an I/O error if the server does not answer in time.
pub async fn within<T>(
    limit: Duration,
    exchange: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    match tokio::time::timeout(limit, exchange).await {
        Ok(result) => result,
        Err(_) => Err(sqlx::Error::Io(io::Error::new(
            io::ErrorKind::TimedOut,
            format!("Postgres did not answer within {} s", limit.as_secs()),
        ))),
    }
}
