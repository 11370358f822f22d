//! Limits how many queries of one user are under way at the same time.
//!
//! A query counts from its admission until its answer has been written to the socket or the
//! connection is dropped, so a user whose clients read nothing holds a bounded number of answers.
//! A live connection counts only until it is open; live delivery limits those itself.
//!
//! A query above the limit waits for a moment, because the others are usually done within
//! milliseconds, and is then rejected.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use hyper::body::{Body as _, Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::problem::Problem;

/// The default limit: several devices of a user, each with a few requests under way.
pub const DEFAULT_REQUESTS_PER_USER: usize = 32;

/// How long a request above the limit waits.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// The `Retry-After` of a rejected request.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The number of independently locked maps. Each lock is held for nanoseconds.
const SHARD_COUNT: usize = 64;

/// An answer up to this size does not count while it is written: it fits into the socket's buffer.
const MAX_UNCOUNTED_BYTES: u64 = 16 * 1024;

/// Limits the concurrent requests of each user. Cheap to clone; clones share their counts.
#[derive(Clone)]
pub(crate) struct ConcurrencyLimiter(Option<Arc<ConcurrencyCounts>>);

/// The slots of each user with a request under way. There are never more users than connections.
struct ConcurrencyCounts {
    limit: usize,
    hasher: RandomState,
    shards: Vec<Mutex<HashMap<u64, Arc<Semaphore>>>>,
}

/// The slot of one request, released when dropped.
pub(crate) struct ConcurrencyPermit {
    /// Released before the map is cleaned up.
    slot: Option<OwnedSemaphorePermit>,
    key: u64,
    counts: Arc<ConcurrencyCounts>,
}

impl ConcurrencyLimiter {
    /// Limits each user to this many requests; 0 means no limit.
    pub(crate) fn new(limit: usize) -> Self {
        if limit == 0 {
            return Self(None);
        }
        Self(Some(Arc::new(ConcurrencyCounts {
            limit: limit.min(Semaphore::MAX_PERMITS),
            hasher: RandomState::new(),
            shards: (0..SHARD_COUNT).map(|_| Mutex::default()).collect(),
        })))
    }

    /// Waits for a slot of this user; `429` if none becomes free in time. `None` without a limit.
    pub(crate) async fn acquire(&self, user: &str) -> Result<Option<ConcurrencyPermit>, Problem> {
        let Some(counts) = &self.0 else {
            return Ok(None);
        };
        // Users are identified by a keyed hash, as for the rate limit.
        let key = counts.hasher.hash_one(user);
        let slots = counts
            .shard(key)
            .entry(key)
            .or_insert_with(|| Arc::new(Semaphore::new(counts.limit)))
            .clone();
        let mut permit = ConcurrencyPermit {
            slot: None,
            key,
            counts: counts.clone(),
        };
        let slot = match slots.clone().try_acquire_owned() {
            Ok(slot) => Some(slot),
            Err(_) => match tokio::time::timeout(MAX_WAIT, slots.acquire_owned()).await {
                Ok(slot) => slot.ok(),
                Err(_) => None,
            },
        };
        permit.slot = Some(slot.ok_or_else(|| too_many_requests(counts.limit))?);
        Ok(Some(permit))
    }
}

impl ConcurrencyCounts {
    fn shard(&self, key: u64) -> MutexGuard<'_, HashMap<u64, Arc<Semaphore>>> {
        self.shards[key as usize % SHARD_COUNT]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ConcurrencyPermit {
    fn drop(&mut self) {
        self.slot = None;
        let mut users = self.counts.shard(self.key);
        // Others are handed out only under this lock, so nobody else holds the last one.
        let is_unused = |slots: &Arc<Semaphore>| Arc::strong_count(slots) == 1;
        if users.get(&self.key).is_some_and(is_unused) {
            users.remove(&self.key);
        }
    }
}

fn too_many_requests(limit: usize) -> Problem {
    let detail = format!("At most {limit} queries of a user can be under way at a time.");
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail)
        .with_retry_after(RETRY_AFTER)
}

/// Keeps the slot until the response has been written. A live connection, which may stay open for
/// days, releases it.
pub(crate) fn hold_until_written(
    response: Response,
    permit: Option<ConcurrencyPermit>,
) -> Response {
    let Some(permit) = permit else {
        return response;
    };
    let event_stream = HeaderValue::from_static("text/event-stream");
    let is_live = response.status() == StatusCode::SWITCHING_PROTOCOLS
        || response.headers().get(CONTENT_TYPE) == Some(&event_stream);
    let size = response.body().size_hint().upper();
    let is_small = size.is_some_and(|size| size <= MAX_UNCOUNTED_BYTES);
    if is_live || is_small {
        return response;
    }
    let permit = Arc::new(permit);
    response.map(|body| Body::new(CountedBody { body, permit }))
}

/// A body whose bytes hold the slot. Hyper drops a body when it has taken its last bytes, which is
/// long before a slow client has read them.
struct CountedBody {
    body: Body,
    permit: Arc<ConcurrencyPermit>,
}

/// The bytes of a body, and the slot.
struct CountedBytes {
    bytes: Bytes,
    _permit: Arc<ConcurrencyPermit>,
}

impl AsRef<[u8]> for CountedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl hyper::body::Body for CountedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        let permit = &self.permit;
        let count = |bytes: Bytes| {
            Bytes::from_owner(CountedBytes {
                bytes,
                _permit: permit.clone(),
            })
        };
        frame.map(|frame| frame.map(|frame| frame.map(|frame| frame.map_data(count))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users(limiter: &ConcurrencyLimiter) -> usize {
        let shards = &limiter.0.as_ref().unwrap().shards;
        shards.iter().map(|shard| shard.lock().unwrap().len()).sum()
    }

    #[tokio::test(start_paused = true)]
    async fn a_user_has_a_bounded_number_of_slots() {
        let limiter = ConcurrencyLimiter::new(2);
        let first = limiter.acquire("ada").await.unwrap();
        let second = limiter.acquire("ada").await.unwrap();
        let Err(problem) = limiter.acquire("ada").await else {
            panic!("a third slot");
        };
        assert_eq!(problem.status(), 429);
        assert!(
            limiter.acquire("bob").await.is_ok(),
            "others have their own"
        );
        drop(first);
        assert!(limiter.acquire("ada").await.is_ok());
        drop(second);
        assert_eq!(users(&limiter), 0, "users without requests are forgotten");
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_waits_for_a_slot() {
        let limiter = ConcurrencyLimiter::new(1);
        let first = limiter.acquire("ada").await.unwrap();
        let release = async {
            tokio::time::advance(MAX_WAIT / 2).await;
            drop(first);
        };
        let (second, ()) = tokio::join!(limiter.acquire("ada"), release);
        assert!(second.is_ok());
        drop(second);
        assert_eq!(users(&limiter), 0);
    }

    #[tokio::test]
    async fn without_a_limit_nothing_is_counted() {
        let limiter = ConcurrencyLimiter::new(0);
        assert!(limiter.acquire("ada").await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_large_answer_holds_the_slot_until_its_bytes_are_dropped() {
        use http_body_util::BodyExt as _;
        let limiter = ConcurrencyLimiter::new(1);
        for (size, is_held) in [(100, false), (100_000, true)] {
            let permit = limiter.acquire("ada").await.unwrap();
            let response = Response::new(Body::from(vec![b'x'; size]));
            let mut response = hold_until_written(response, permit);
            let frame = response.body_mut().frame().await.unwrap().unwrap();
            drop(response);
            assert_eq!(users(&limiter), usize::from(is_held), "{size} bytes");
            assert_eq!(frame.into_data().unwrap().len(), size);
            assert_eq!(users(&limiter), 0);
        }
    }
}
