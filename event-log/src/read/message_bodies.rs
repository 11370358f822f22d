//! Reads bodies of messages by the positions of their events: the read models hold none of a
//! recalled message, and need them again when it is restored.

use std::collections::HashMap;

use domain::body::MessageBody;
use domain::conversation::event::ConversationEvent;
use domain::event::EventFamily as _;
use sqlx::PgConnection;

/// The bodies that the events at these positions gave to messages. Positions without such an event
/// are left out, and so are those whose content has been erased.
pub async fn load_bodies(
    connection: &mut PgConnection,
    positions: &[i64],
) -> Result<HashMap<i64, MessageBody>, sqlx::Error> {
    let events: Vec<(i64, String, i16, Vec<u8>)> = sqlx::query_as(
        "SELECT position, event_type, event_version, payload FROM log.events \
         WHERE position = ANY($1) AND event_type IN ('message_sent', 'message_edited')",
    )
    .bind(positions)
    .fetch_all(connection)
    .await?;
    let mut bodies = HashMap::with_capacity(events.len());
    for (position, event_type, version, payload) in events {
        let body = match ConversationEvent::decode(&event_type, version, &payload) {
            Ok(ConversationEvent::MessageSent(sent)) => sent.body,
            Ok(ConversationEvent::MessageEdited(edited)) => edited.body,
            Ok(_) => continue,
            Err(error) => return Err(sqlx::Error::Decode(error.into())),
        };
        if body != MessageBody::erased_placeholder() {
            bodies.insert(position, body);
        }
    }
    Ok(bodies)
}
