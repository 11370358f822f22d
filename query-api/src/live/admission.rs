//! Limits the number of live connections of a process, and the number of them that read from the
//! database at a time. When thousands of clients reconnect at once, queries and sends still get
//! their connections to Postgres.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::StatusCode;
use http_edge::{Problem, retry_after};
use metrics::{Gauge, counter, gauge};
use quick_cache::sync::Cache;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// The default maximum number of live connections of one process.
pub const MAX_LIVE_CONNECTIONS: usize = 10_000;

/// The default maximum number of live connections of one user: several devices and browser tabs,
/// and connections that have not been noticed to be dead.
pub const MAX_LIVE_PER_USER: usize = 200;

/// The maximum number of connections that read their backlog at a time: a third of the query pool.
/// Others wait.
const MAX_READERS: usize = 8;

/// How long a user whose connection was closed for too many frames cannot connect again.
const FLOOD_PENALTY: Duration = Duration::from_secs(5);

/// How many such users are remembered.
const FLOOD_CAPACITY: usize = 10_000;

/// The range of `Retry-After` for rejected connections.
const FULL_RETRY_AFTER: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(30));

/// The range of the retry delay when the service shuts down or the database is unavailable.
const CLOSED_RETRY_AFTER: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(15));

/// How a live connection is made, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveTransport {
    /// A WebSocket.
    WebSocket,
    /// Server-sent events.
    EventStream,
}

impl LiveTransport {
    /// The name of this kind, in metrics and traces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
            Self::EventStream => "sse",
        }
    }

    /// The open connections of this kind.
    fn gauge(self) -> Gauge {
        gauge!("tidings_live_connections_by_kind", "kind" => self.as_str())
    }
}

/// The limits of live connections. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Admission {
    connections: Arc<Semaphore>,
    users: Arc<ConnectionCounts>,
    readers: Arc<Semaphore>,
}

/// The number of live connections of each connected user.
#[derive(Debug)]
struct ConnectionCounts {
    max_per_user: usize,
    counts: Mutex<HashMap<Arc<str>, usize>>,
    /// The users who have sent too many frames, and until when they cannot connect again.
    refused_until: Cache<Arc<str>, Instant>,
}

/// The permit of a live connection, released when dropped.
#[derive(Debug)]
pub struct AdmissionPermit {
    user: Arc<str>,
    users: Arc<ConnectionCounts>,
    transport: LiveTransport,
    _connection: OwnedSemaphorePermit,
}

impl Admission {
    /// Creates limits for the number of connections in total and of each user. No limit for each
    /// user if that is 0.
    pub fn new(connections: usize, max_per_user: usize) -> Self {
        Self {
            connections: Arc::new(Semaphore::new(connections.min(Semaphore::MAX_PERMITS))),
            users: Arc::new(ConnectionCounts {
                max_per_user,
                counts: Mutex::default(),
                refused_until: Cache::new(FLOOD_CAPACITY),
            }),
            readers: Arc::new(Semaphore::new(MAX_READERS)),
        }
    }

    /// Admits a connection of a user, or returns a problem that says when to try again.
    pub fn admit(&self, user: &str, transport: LiveTransport) -> Result<AdmissionPermit, Problem> {
        if let Some(left) = self.users.refused_for(user) {
            counter!("tidings_live_refused_total").increment(1);
            return Err(too_many_frames(left));
        }
        let Ok(connection) = Arc::clone(&self.connections).try_acquire_owned() else {
            let detail = "The limit of live connections is reached.";
            return Err(too_many_live(StatusCode::SERVICE_UNAVAILABLE, detail));
        };
        let Some(user) = self.users.add(user) else {
            let detail = "The limit of live connections of a user is reached.";
            return Err(too_many_live(StatusCode::TOO_MANY_REQUESTS, detail));
        };
        transport.gauge().increment(1.0);
        Ok(AdmissionPermit {
            user,
            users: Arc::clone(&self.users),
            transport,
            _connection: connection,
        })
    }

    /// Waits for a permit to read the backlog.
    pub async fn acquire_reader(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed.
        self.readers.acquire().await.ok()
    }
}

impl AdmissionPermit {
    /// Refuses new connections of the user for a moment. Returns the problem that says so.
    pub fn refuse_reconnects(&self) -> Problem {
        let until = Instant::now() + FLOOD_PENALTY;
        self.users.refused_until.insert(self.user.clone(), until);
        too_many_frames(FLOOD_PENALTY)
    }
}

fn too_many_frames(retry_after: Duration) -> Problem {
    let detail = "Too many frames; send at most 20 per second.";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_frames", detail)
        .with_retry_after(retry_after)
}

fn too_many_live(status: StatusCode, detail: &'static str) -> Problem {
    counter!("tidings_live_refused_total").increment(1);
    let (min, max) = FULL_RETRY_AFTER;
    Problem::new(status, "too_many_live", detail).with_retry_after(retry_after::jitter(min, max))
}

impl ConnectionCounts {
    fn counts(&self) -> MutexGuard<'_, HashMap<Arc<str>, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long the user cannot connect yet.
    fn refused_for(&self, user: &str) -> Option<Duration> {
        let until = self.refused_until.get(user)?;
        let left = until.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    /// Counts a connection; `None` if the user has too many.
    fn add(&self, user: &str) -> Option<Arc<str>> {
        let mut counts = self.counts();
        let user = match counts.get_key_value(user) {
            Some((user, _)) => Arc::clone(user),
            None => user.into(),
        };
        let count = counts.entry(Arc::clone(&user)).or_default();
        if self.max_per_user > 0 && *count >= self.max_per_user {
            return None;
        }
        *count += 1;
        Some(user)
    }
}

impl Drop for AdmissionPermit {
    fn drop(&mut self) {
        self.transport.gauge().decrement(1.0);
        let mut counts = self.users.counts();
        if let Some(count) = counts.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.user);
            }
        }
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

#[cfg(test)]
mod tests {
    use super::LiveTransport::WebSocket;
    use super::*;

    #[test]
    fn connections_are_limited_in_total_and_for_each_user() {
        let admission = Admission::new(3, 2);
        let first = admission.admit("ann", WebSocket).unwrap();
        let _second = admission.admit("ann", WebSocket).unwrap();
        assert_eq!(admission.admit("ann", WebSocket).unwrap_err().status(), 429);
        let bob = admission.admit("bob", WebSocket).unwrap();
        assert_eq!(admission.admit("cho", WebSocket).unwrap_err().status(), 503);
        drop(bob);
        drop(first);
        let _third = admission.admit("ann", WebSocket).unwrap();
        assert_eq!(admission.users.counts().len(), 1, "bob is forgotten");
        let unlimited = Admission::new(100, 0);
        let permits: Vec<_> = (0..100)
            .map(|_| unlimited.admit("ann", WebSocket))
            .collect();
        assert!(permits.iter().all(Result::is_ok));
    }

    #[tokio::test(start_paused = true)]
    async fn a_user_who_flooded_cannot_connect_for_a_moment() {
        let admission = Admission::new(10, 10);
        let flooding = admission.admit("ann", WebSocket).unwrap();
        assert_eq!(flooding.refuse_reconnects().status(), 429);
        drop(flooding);
        assert_eq!(admission.admit("ann", WebSocket).unwrap_err().status(), 429);
        assert!(admission.admit("bob", WebSocket).is_ok());
        tokio::time::advance(FLOOD_PENALTY).await;
        assert!(admission.admit("ann", WebSocket).is_ok());
    }
}
