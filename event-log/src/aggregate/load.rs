//! Loads cold aggregates: a snapshot and the events after it, from the `events` view, through
//! postgres-es and the upcasters of the domain.

use cqrs_es::persist::PersistedEventStore;
use cqrs_es::{AggregateError, EventStore};
use postgres_es::PostgresEventRepository;
use sqlx::PgPool;

use super::cached_aggregate::CachedAggregate;
use super::logged_event::LoggedEvent;
use crate::error::LogError;
use crate::read::reader::LogReader;

/// An aggregate as loaded from the log.
pub(crate) struct LoadedAggregate<A> {
    pub(crate) state: A,
    /// The id of the stream, 0 if there is no stream.
    pub(crate) stream_id: i64,
    pub(crate) sequence: i64,
}

/// Loads an aggregate. An aggregate without events has the default state.
pub(crate) async fn load_aggregate<A: CachedAggregate>(
    pool: &PgPool,
    id: &str,
) -> Result<LoadedAggregate<A>, LogError> {
    let kind = <A::Event as LoggedEvent>::AGGREGATE_KIND;
    let reader = LogReader::new(pool.clone());
    let Some(stream_id) = reader.find_stream_id(kind, id).await? else {
        return Ok(LoadedAggregate {
            state: A::default(),
            stream_id: 0,
            sequence: 0,
        });
    };
    let repository =
        || PostgresEventRepository::new(pool.clone()).with_tables("public.events", "log.snapshots");
    // This store only reads snapshots; module `snapshot` writes them. The snapshot writer in
    // cqrs-es 0.5 applies events twice, so it is disabled.
    let with_snapshots = PersistedEventStore::<_, A>::new_snapshot_store(repository(), usize::MAX)
        .with_upcasters(A::upcasters());
    let context = match with_snapshots.load_aggregate(id).await {
        Err(AggregateError::DeserializationError(error)) => {
            // Most likely a snapshot of another version: fold the events alone.
            tracing::warn!(id, %error, "cannot read the snapshot of an aggregate; folding its events instead");
            PersistedEventStore::<_, A>::new_event_store(repository())
                .with_upcasters(A::upcasters())
                .load_aggregate(id)
                .await
        }
        loaded => loaded,
    }
    .map_err(|error| match error {
        AggregateError::DeserializationError(error) => LogError::Corrupt(format!("{id}: {error}")),
        other => LogError::Unavailable(other.to_string()),
    })?;
    let sequence = i64::try_from(context.current_sequence).unwrap_or(i64::MAX);
    Ok(LoadedAggregate {
        state: context.aggregate,
        stream_id,
        sequence,
    })
}
