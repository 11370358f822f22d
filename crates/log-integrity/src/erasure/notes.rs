//! Finds the notes that users wrote: the texts with requests and reports, in events of several
//! aggregates. See [`EventNote`].

use std::collections::BTreeSet;

use domain::event::EventNote;
use event_log::user_filter;
use sqlx::{PgConnection, PgPool};

use super::affected_event::AffectedEvent;

/// An event with a note that is not erased.
pub(super) struct NotedEvent {
    pub(super) event: AffectedEvent,
    pub(super) note: EventNote,
    aggregate_id: String,
}

/// An event as it is stored, with the id of its aggregate.
#[derive(sqlx::FromRow)]
struct StoredEvent {
    #[sqlx(flatten)]
    event: AffectedEvent,
    aggregate_id: String,
}

/// Loads the events before a position that have a note of one of these users.
pub(super) async fn load_events(
    connection: &mut PgConnection,
    users: &[&str],
    before: i64,
) -> Result<Vec<NotedEvent>, sqlx::Error> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    // An event that names a user elsewhere matches too; its author is checked below.
    let names = users.iter().map(|user| user_filter::to_json_literal(user));
    let stored: Vec<StoredEvent> = sqlx::query_as(
        "SELECT e.position, e.stream, e.message, e.event_type, e.event_version, e.payload, s.aggregate_id
         FROM log.events e JOIN log.streams s ON s.id = e.stream
         WHERE e.event_type = ANY($1) AND e.event_type <> 'message_sent' AND e.position < $2
         AND (s.aggregate_id = ANY($3)
              OR EXISTS (SELECT FROM unnest($4::bytea[]) AS n(name) WHERE position(n.name IN e.payload) > 0))
         AND NOT EXISTS (SELECT FROM log.erased x WHERE x.position = e.position)
         ORDER BY e.position",
    )
    .bind(EventNote::event_types())
    .bind(before)
    .bind(users)
    .bind(names.collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    let noted = stored.into_iter().filter_map(|stored| {
        let StoredEvent {
            event,
            aggregate_id,
        } = stored;
        let note = EventNote::parse(&event.event_type, &aggregate_id, &event.payload)?;
        let is_due = note.is_present() && users.contains(&note.author());
        is_due.then_some(NotedEvent {
            event,
            note,
            aggregate_id,
        })
    });
    Ok(noted.collect())
}

/// The notes of a user that are not erased.
#[derive(Debug, Default)]
pub struct UserNotes {
    /// Their number.
    pub count: u64,
    /// The conversations to which some of them belong.
    pub conversations: BTreeSet<String>,
}

/// Finds the notes of a user that are not erased.
pub async fn find(pool: &PgPool, user: &str) -> Result<UserNotes, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let found = load_events(&mut connection, &[user], i64::MAX).await?;
    let count = found.len() as u64;
    let of_conversations = found
        .into_iter()
        .filter(|noted| noted.event.event_type == "join_requested");
    Ok(UserNotes {
        count,
        conversations: of_conversations.map(|noted| noted.aggregate_id).collect(),
    })
}
