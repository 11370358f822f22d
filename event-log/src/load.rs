//! Cold aggregates: a snapshot and the events after it, through postgres-es and the domain's
//! upcasters, from the `events` view.

use cqrs_es::persist::{EventUpcaster, PersistedEventStore};
use cqrs_es::{AggregateError, EventStore};
use domain::conversation::Conversation;
use domain::mailbox::Mailbox;
use postgres_es::PostgresEventRepository;
use sqlx::PgPool;

use crate::Failed;
use crate::recorded::Recorded;
use crate::store::Stored;

/// How old events of an aggregate become readable.
pub trait Upcasts {
    /// In the order in which they are tried.
    fn upcasters() -> Vec<Box<dyn EventUpcaster>>;
}

impl Upcasts for Conversation {
    fn upcasters() -> Vec<Box<dyn EventUpcaster>> {
        domain::conversation::upcasters()
    }
}

impl Upcasts for Mailbox {
    fn upcasters() -> Vec<Box<dyn EventUpcaster>> {
        domain::mailbox::upcasters()
    }
}

/// An aggregate as the log has it.
pub(crate) struct Cold<A> {
    pub(crate) state: A,
    /// The stream's number, 0 if there is no stream.
    pub(crate) stream: i64,
    pub(crate) sequence: i64,
}

/// Loads an aggregate. One that has no events is its default.
pub(crate) async fn cold<A: Stored>(pool: &PgPool, id: &str) -> Result<Cold<A>, Failed> {
    let Some(stream) = stream::<A>(pool, id).await? else {
        return Ok(Cold {
            state: A::default(),
            stream: 0,
            sequence: 0,
        });
    };
    let repository =
        || PostgresEventRepository::new(pool.clone()).with_tables("public.events", "log.snapshots");
    // Snapshots are read here and written by `snapshot`: the writer in cqrs-es 0.5 applies events
    // twice, so it is told never to write.
    let with_snapshots = PersistedEventStore::<_, A>::new_snapshot_store(repository(), usize::MAX)
        .with_upcasters(A::upcasters());
    let context = match with_snapshots.load_aggregate(id).await {
        Err(AggregateError::DeserializationError(error)) => {
            // Most likely a snapshot of another shape: the events alone decide.
            tracing::warn!(id, %error, "folding an aggregate without its snapshot");
            PersistedEventStore::<_, A>::new_event_store(repository())
                .with_upcasters(A::upcasters())
                .load_aggregate(id)
                .await
        }
        loaded => loaded,
    }
    .map_err(|error| match error {
        AggregateError::DeserializationError(error) => Failed::Corrupt(format!("{id}: {error}")),
        other => Failed::Unavailable(other.to_string()),
    })?;
    let sequence = i64::try_from(context.current_sequence).unwrap_or(i64::MAX);
    Ok(Cold {
        state: context.aggregate,
        stream,
        sequence,
    })
}

async fn stream<A: Stored>(pool: &PgPool, id: &str) -> Result<Option<i64>, Failed> {
    let kind = <A::Event as Recorded>::AGGREGATE.as_str();
    let stream = sqlx::query_scalar(
        "SELECT id FROM log.streams WHERE aggregate_type = $1 AND aggregate_id = $2",
    )
    .bind(kind)
    .bind(id)
    .fetch_optional(pool)
    .await?;
    Ok(stream)
}
