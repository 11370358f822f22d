//! Limits the number of live connections of a process, and the number of them that read from the
//! database at a time. When thousands of clients reconnect at once, queries and sends still get
//! their connections to Postgres.

use std::sync::Arc;
use std::time::Duration;

use http_edge::{Problem, retry_after};
use metrics::counter;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

/// The default maximum number of live connections of one process.
pub const MAX_LIVE_CONNECTIONS: usize = 10_000;

/// The maximum number of connections that read their backlog at a time: a third of the query pool.
/// Others wait.
const MAX_READERS: usize = 8;

/// The range of `Retry-After` for rejected connections.
const FULL_RETRY_AFTER: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(30));

/// The range of the retry delay when the service shuts down or the database is unavailable.
const CLOSED_RETRY_AFTER: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(15));

/// The limits of live connections. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Admission {
    connections: Arc<Semaphore>,
    readers: Arc<Semaphore>,
}

/// The permit of a live connection, released when dropped.
#[derive(Debug)]
pub struct AdmissionPermit(
    #[expect(dead_code, reason = "dropping it releases the permit")] OwnedSemaphorePermit,
);

impl Admission {
    /// Creates limits for a number of connections.
    pub fn new(connections: usize) -> Self {
        Self {
            connections: Arc::new(Semaphore::new(connections.min(Semaphore::MAX_PERMITS))),
            readers: Arc::new(Semaphore::new(MAX_READERS)),
        }
    }

    /// Admits a connection, or returns a problem that says when to try again.
    pub fn admit(&self) -> Result<AdmissionPermit, Problem> {
        let permit = Arc::clone(&self.connections).try_acquire_owned();
        permit.map(AdmissionPermit).map_err(|_| {
            counter!("tidings_live_refused_total").increment(1);
            Problem::unavailable(
                "too_many_live",
                "The limit of live connections is reached.",
                retry_after::jitter(FULL_RETRY_AFTER.0, FULL_RETRY_AFTER.1),
            )
        })
    }

    /// Waits for a permit to read the backlog.
    pub async fn acquire_reader(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed.
        self.readers.acquire().await.ok()
    }
}

/// Adds a random retry delay to the problem of a connection that the client did not cause to end.
pub fn with_jittered_retry(problem: Problem) -> Problem {
    problem.with_retry_after(retry_after::jitter(
        CLOSED_RETRY_AFTER.0,
        CLOSED_RETRY_AFTER.1,
    ))
}

/// The problem for open connections when the service shuts down.
pub fn shutdown_problem() -> Problem {
    with_jittered_retry(Problem::unavailable(
        "stopping",
        "The server is shutting down; please reconnect.",
        CLOSED_RETRY_AFTER.0,
    ))
}
