//! Limits the number of live connections of a process, and the number of them that read from the
//! database at a time. When thousands of clients reconnect at once, queries and sends still get
//! their connections to Postgres.

use std::sync::Arc;
use std::time::Duration;

use http_edge::{Problem, retry_after};
use metrics::counter;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

/// The default maximum number of live connections of one process.
pub const MAX_LIVE: usize = 10_000;

/// The maximum number of connections that read their backlog at a time: a third of the query pool.
/// Others wait.
const READING: usize = 8;

/// The range of `Retry-After` for rejected connections.
const FULL: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(30));

/// The range of the retry delay when the service shuts down or the database is unavailable.
const ENDED: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(15));

/// The limits of live connections. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Admission {
    room: Arc<Semaphore>,
    reading: Arc<Semaphore>,
}

/// The permit of a live connection, released when dropped.
#[derive(Debug)]
pub struct Admitted(
    #[expect(dead_code, reason = "dropping it releases the permit")] OwnedSemaphorePermit,
);

impl Admission {
    /// Creates limits for a number of connections.
    pub fn new(connections: usize) -> Self {
        Self {
            room: Arc::new(Semaphore::new(connections.min(Semaphore::MAX_PERMITS))),
            reading: Arc::new(Semaphore::new(READING)),
        }
    }

    /// Admits a connection, or returns a problem that says when to try again.
    pub fn enter(&self) -> Result<Admitted, Problem> {
        let room = Arc::clone(&self.room).try_acquire_owned();
        room.map(Admitted).map_err(|_| {
            counter!("tidings_live_refused_total").increment(1);
            Problem::unavailable(
                "too_many_live",
                "The limit of live connections is reached.",
                retry_after::jitter(FULL.0, FULL.1),
            )
        })
    }

    /// Waits for a permit to read the backlog.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed.
        self.reading.acquire().await.ok()
    }
}

/// Adds a random retry delay to the problem of a connection that the client did not cause to end.
pub fn come_back(problem: Problem) -> Problem {
    problem.with_retry_after(retry_after::jitter(ENDED.0, ENDED.1))
}

/// The problem for open connections when the service shuts down.
pub fn stopping() -> Problem {
    come_back(Problem::unavailable(
        "stopping",
        "The server is shutting down; please reconnect.",
        ENDED.0,
    ))
}
