//! The aggregate store as a cqrs-es `EventStore`, so that an unmodified `CqrsFramework` runs on the
//! log. The service itself uses [`crate::LockedAggregate`], which commits the same way and also
//! supports receipts and observations.

use std::collections::HashMap;
use std::sync::Arc;

use cqrs_es::{Aggregate, AggregateContext, AggregateError, EventEnvelope, EventStore};
use domain::event::EventFamily;

use super::cached_aggregate::CachedAggregate;
use super::locked_aggregate::LockedAggregate;
use super::logged_event::LoggedEvent;
use super::store::AggregateStore;
use crate::append::request::{AppendError, AppendRequest};
use crate::error::LogError;

/// An [`AggregateStore`] as a cqrs-es `EventStore`.
pub struct CqrsStore<A: CachedAggregate>(pub Arc<AggregateStore<A>>);

/// The aggregate context of `CqrsFramework`: a copy of the state, discarded if the command is
/// refused.
pub struct CqrsContext<A: CachedAggregate> {
    locked: LockedAggregate<A>,
    working_copy: A,
}

impl<A: CachedAggregate> AggregateContext<A> for CqrsContext<A> {
    fn aggregate(&mut self) -> &mut A {
        &mut self.working_copy
    }
}

impl<A: CachedAggregate> EventStore<A> for CqrsStore<A> {
    type AC = CqrsContext<A>;

    async fn load_events(
        &self,
        id: &str,
    ) -> Result<Vec<EventEnvelope<A>>, AggregateError<A::Error>> {
        let rows: Vec<(i64, String, i16, Vec<u8>, i64)> = sqlx::query_as(
            "SELECT e.sequence, e.event_type, e.event_version, e.payload, e.position
               FROM log.events e JOIN log.streams s ON s.id = e.stream
              WHERE s.aggregate_type = $1 AND s.aggregate_id = $2
              ORDER BY e.sequence",
        )
        .bind(<A::Event as LoggedEvent>::AGGREGATE_KIND.as_str())
        .bind(id)
        .fetch_all(&self.0.pool)
        .await
        .map_err(|error| AggregateError::DatabaseConnectionError(error.into()))?;
        rows.into_iter()
            .map(|(sequence, event_type, version, payload, position)| {
                let payload = A::Event::decode(&event_type, version, &payload)
                    .map_err(|error| AggregateError::DeserializationError(error.into()))?;
                let sequence = usize::try_from(sequence).unwrap_or_default();
                let metadata = HashMap::from([("position".to_owned(), position.to_string())]);
                Ok(EventEnvelope {
                    aggregate_id: id.to_owned(),
                    sequence,
                    payload,
                    metadata,
                })
            })
            .collect()
    }

    async fn load_aggregate(&self, id: &str) -> Result<Self::AC, AggregateError<A::Error>> {
        let locked = self.0.lock(id).await.map_err(to_aggregate_error)?;
        let copy = locked.state().clone();
        Ok(CqrsContext {
            locked,
            working_copy: copy,
        })
    }

    /// Appends the events and waits until they are durable. Each envelope has its `position` in the
    /// metadata.
    async fn commit(
        &self,
        events: Vec<<A as Aggregate>::Event>,
        context: Self::AC,
        metadata: HashMap<String, String>,
    ) -> Result<Vec<EventEnvelope<A>>, AggregateError<A::Error>> {
        let id = context.locked.id().to_owned();
        let before = context.locked.sequence();
        let appended = context
            .locked
            .append(AppendRequest::from_events(events.clone()))
            .wait()
            .await
            .map_err(|error| match error {
                AppendError::Conflict | AppendError::DuplicateKey(_) => {
                    AggregateError::AggregateConflict
                }
                AppendError::Log(error) => to_aggregate_error(error),
            })?;
        Ok(events
            .into_iter()
            .zip(0_i64..)
            .map(|(payload, nth)| {
                let mut metadata = metadata.clone();
                metadata.insert("position".into(), (appended.first + nth).to_string());
                let sequence = usize::try_from(before + nth + 1).unwrap_or_default();
                EventEnvelope {
                    aggregate_id: id.clone(),
                    sequence,
                    payload,
                    metadata,
                }
            })
            .collect())
    }
}

fn to_aggregate_error<E: std::error::Error>(error: LogError) -> AggregateError<E> {
    match error {
        LogError::Corrupt(_) => AggregateError::DeserializationError(error.into()),
        LogError::Unavailable(_) => AggregateError::DatabaseConnectionError(error.into()),
        LogError::Closed | LogError::UnsafeSettings(_) => {
            AggregateError::UnexpectedError(error.into())
        }
    }
}
