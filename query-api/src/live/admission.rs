//! How many live connections a process takes, and how many of them read from the database at a time: when
//! thousands come back at once, queries and sends still find their connections to Postgres.

use std::sync::Arc;
use std::time::Duration;

use http_edge::{Problem, retry};
use metrics::counter;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

/// Live connections of one process, unless configured otherwise.
pub const MAX_LIVE: usize = 10_000;

/// Connections that read their backlog at a time, a third of the pool of the queries. Others wait.
const READING: usize = 8;

/// When those come back who are turned away.
const FULL: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(30));

/// When those come back whose connection ends because the service stops, or the database is away.
const ENDED: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(15));

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Admission {
    room: Arc<Semaphore>,
    reading: Arc<Semaphore>,
}

/// A connection is in for as long as this is there.
#[derive(Debug)]
pub struct Admitted(#[expect(dead_code, reason = "it is held")] OwnedSemaphorePermit);

impl Admission {
    /// Room for so many connections.
    pub fn new(connections: usize) -> Self {
        Self {
            room: Arc::new(Semaphore::new(connections.min(Semaphore::MAX_PERMITS))),
            reading: Arc::new(Semaphore::new(READING)),
        }
    }

    /// Takes a connection in, or says when to come back.
    pub fn enter(&self) -> Result<Admitted, Problem> {
        let room = Arc::clone(&self.room).try_acquire_owned();
        room.map(Admitted).map_err(|_| {
            counter!("tidings_live_refused_total").increment(1);
            Problem::unavailable(
                "too_many_live",
                "There is no room for a live connection now.",
                retry::spread(FULL.0, FULL.1),
            )
        })
    }

    /// Waits for the turn to read.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        self.reading.acquire().await.ok()
    }
}

/// Says when to come back to somebody whose connection ends through no fault of theirs.
pub fn come_back(problem: Problem) -> Problem {
    problem.retry_after(retry::spread(ENDED.0, ENDED.1))
}

/// What those are told who are connected when the service stops.
pub fn stopping() -> Problem {
    come_back(Problem::unavailable(
        "stopping",
        "The service stops here; connect again.",
        ENDED.0,
    ))
}
