//! The memory for answers: a process-wide budget, from which each query reserves its share before
//! it reads from the database. An answer keeps what it takes until its bytes have been handed to
//! the kernel, or its connection has been dropped.
//!
//! Half of the budget is for answers, half for the backlogs of live connections, so that neither
//! can use up the memory of the other.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_edge::{Problem, retry_after};
use metrics::{Gauge, gauge};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::page::MAX_PAGE_BYTES;

/// The default size of the budget in bytes.
pub const DEFAULT_ANSWER_BYTES: usize = 256 * 1024 * 1024;

/// What a query reserves while it reads: the rows of a page, and the page built from them.
const QUERY_BYTES: usize = 2 * MAX_PAGE_BYTES;

/// The smallest budget with which every query and every backlog can run.
pub const MIN_ANSWER_BYTES: usize = 2 * QUERY_BYTES;

/// The unit of the budget.
const UNIT_BYTES: usize = 1024;

/// How long a query waits for its reservation.
const RESERVE_TIMEOUT: Duration = Duration::from_secs(1);

/// The range of `Retry-After` when the budget is used up.
const RETRY_AFTER: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(5));

/// The budget. Cheap to clone; clones share it.
#[derive(Clone)]
pub struct AnswerBudget {
    answers: Arc<Semaphore>,
    backlogs: Arc<Semaphore>,
    reserved_gauge: Gauge,
}

/// A part of the budget, returned when dropped.
pub struct AnswerReservation {
    permit: OwnedSemaphorePermit,
    reserved_gauge: Gauge,
}

impl AnswerBudget {
    /// A budget of this many bytes, at least [`MIN_ANSWER_BYTES`].
    pub fn new(bytes: usize) -> Self {
        let half = bytes.max(MIN_ANSWER_BYTES) / 2 / UNIT_BYTES;
        let half = half.min(Semaphore::MAX_PERMITS);
        Self {
            answers: Arc::new(Semaphore::new(half)),
            backlogs: Arc::new(Semaphore::new(half)),
            reserved_gauge: gauge!("tidings_answer_bytes"),
        }
    }

    /// Reserves what a query needs. Waits for a moment if the budget is used up, and then fails
    /// with `503 overloaded`.
    pub async fn reserve(&self) -> Result<AnswerReservation, Problem> {
        let permit = acquire(&self.answers, QUERY_BYTES);
        let permit = tokio::time::timeout(RESERVE_TIMEOUT, permit).await;
        let permit = permit.ok().flatten().ok_or_else(|| {
            Problem::unavailable(
                "overloaded",
                "The memory for answers is in use; try again later.",
                retry_after::jitter(RETRY_AFTER.0, RETRY_AFTER.1),
            )
        })?;
        Ok(AnswerReservation::new(permit, self.reserved_gauge.clone()))
    }

    /// Waits until there is room for a page of a backlog.
    pub async fn reserve_backlog(&self, bytes: usize) -> Option<AnswerReservation> {
        let permit = acquire(&self.backlogs, bytes.min(QUERY_BYTES)).await?;
        Some(AnswerReservation::new(permit, self.reserved_gauge.clone()))
    }
}

async fn acquire(budget: &Arc<Semaphore>, bytes: usize) -> Option<OwnedSemaphorePermit> {
    let units = u32::try_from(bytes.div_ceil(UNIT_BYTES)).unwrap_or(u32::MAX);
    // The semaphore is never closed.
    budget.clone().acquire_many_owned(units).await.ok()
}

impl AnswerReservation {
    fn new(permit: OwnedSemaphorePermit, reserved_gauge: Gauge) -> Self {
        reserved_gauge.increment((permit.num_permits() * UNIT_BYTES) as f64);
        Self {
            permit,
            reserved_gauge,
        }
    }

    /// Returns all but this many bytes. An answer that is larger than its reservation keeps all of
    /// it.
    pub fn shrink_to(&mut self, bytes: usize) {
        let excess = self
            .permit
            .num_permits()
            .saturating_sub(bytes.div_ceil(UNIT_BYTES));
        if let Some(permit) = self.permit.split(excess) {
            drop(permit);
            self.reserved_gauge.decrement((excess * UNIT_BYTES) as f64);
        }
    }

    /// The body of an answer, which keeps its size reserved.
    pub fn into_body(mut self, bytes: Vec<u8>) -> Body {
        self.shrink_to(bytes.capacity());
        Body::from(Bytes::from_owner(ReservedBytes {
            bytes,
            _reservation: self,
        }))
    }
}

impl Drop for AnswerReservation {
    fn drop(&mut self) {
        let bytes = self.permit.num_permits() * UNIT_BYTES;
        self.reserved_gauge.decrement(bytes as f64);
    }
}

/// The bytes of an answer with their reservation. Hyper drops a body when it has taken its bytes,
/// but it drops the bytes only when they are written.
struct ReservedBytes {
    bytes: Vec<u8>,
    _reservation: AnswerReservation,
}

impl AsRef<[u8]> for ReservedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    fn free_bytes(budget: &AnswerBudget) -> usize {
        budget.answers.available_permits() * UNIT_BYTES
    }

    #[tokio::test(start_paused = true)]
    async fn a_query_is_rejected_when_the_budget_is_used_up() {
        let budget = AnswerBudget::new(2 * MIN_ANSWER_BYTES);
        let first = budget.reserve().await.unwrap();
        let _second = budget.reserve().await.unwrap();
        let Err(problem) = budget.reserve().await else {
            panic!("a third reservation");
        };
        assert_eq!(problem.status(), 503);
        let seconds = problem.retry_after_seconds();
        assert!(seconds.is_some_and(|seconds| (1..=5).contains(&seconds)));
        // Backlogs have their own half.
        assert!(budget.reserve_backlog(1_000).await.is_some());
        drop(first);
        assert!(budget.reserve().await.is_ok());
    }

    #[tokio::test]
    async fn an_answer_keeps_its_size_until_its_bytes_are_dropped() {
        let budget = AnswerBudget::new(0);
        let all = free_bytes(&budget);
        let reservation = budget.reserve().await.unwrap();
        assert_eq!(free_bytes(&budget), all - QUERY_BYTES);
        let mut body = reservation.into_body(vec![b'x'; 10_000]);
        assert_eq!(free_bytes(&budget), all - 10 * 1024);
        let frame = body.frame().await.unwrap().unwrap();
        drop(body);
        assert_eq!(free_bytes(&budget), all - 10 * 1024);
        drop(frame);
        assert_eq!(free_bytes(&budget), all);
        // An answer that is larger than the reservation keeps all of it.
        let body = budget.reserve().await.unwrap();
        let body = body.into_body(vec![0; 2 * QUERY_BYTES]);
        assert_eq!(free_bytes(&budget), all - QUERY_BYTES);
        drop(body);
        assert_eq!(free_bytes(&budget), all);
    }
}
