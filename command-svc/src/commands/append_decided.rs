//! Appends what is decided about a user without a request of that user.

use std::sync::Arc;

use cqrs_es::Aggregate;
use domain::ids::UserId;
use domain::refusal::Refusal;
use event_log::{AggregateStore, AppendError, AppendRequest, AppendedRange, CachedAggregate};

use crate::attempts::Attempts;
use crate::error::CommandError;

/// Appends what a decision about an aggregate of the user returns, made by `by` or by the server.
/// `None` if that is nothing.
pub(super) async fn append_decided<A: CachedAggregate>(
    store: &Arc<AggregateStore<A>>,
    user: &UserId,
    by: Option<&UserId>,
    decide: impl Fn(&A) -> Result<Vec<<A as Aggregate>::Event>, Refusal>,
) -> Result<Option<AppendedRange>, CommandError> {
    let mut attempts = Attempts::default();
    loop {
        attempts.start_next().await?;
        let locked = store.lock(user.as_str()).await?;
        let events = decide(locked.state())?;
        if events.is_empty() {
            return Ok(None);
        }
        let append = AppendRequest {
            actor: by.cloned(),
            ..AppendRequest::from_events(events)
        };
        match locked.append(append).wait().await {
            Ok(appended) => return Ok(Some(appended)),
            Err(AppendError::Conflict | AppendError::DuplicateKey(_)) => {}
            Err(AppendError::Log(error)) => return Err(error.into()),
        }
    }
}
