//! Loads messages that are too old for the conversation's state: the message and its later changes.

use domain::conversation::Conversation;
use domain::conversation::event::ConversationEvent;
use domain::event::EventFamily;
use domain::message::MessageState;
use sqlx::PgPool;

use super::locked_aggregate::LockedAggregate;
use crate::append::request::AppendError;
use crate::error::LogError;

impl LockedAggregate<Conversation> {
    /// Loads the message with this seq from the log. `None` if there is no such message, and also
    /// if this aggregate has become invalid in the meantime: the append that follows is then a
    /// conflict.
    pub async fn load_message(&self, seq: i64) -> Result<Option<MessageState>, LogError> {
        match self.wait_until_durable().await {
            Ok(()) => {}
            Err(AppendError::Log(failed)) => return Err(failed),
            Err(AppendError::Conflict | AppendError::DuplicateKey(_)) => return Ok(None),
        }
        let stream = self.revision().stream_id();
        // Every message is an event, so message n is at sequence n or later. Every later message is
        // an event too, so message n is at least that many events before the end.
        let latest = self.sequence() - (self.state().head_seq() - seq).max(0);
        let events = load_message_events(&self.store().pool, stream, seq, latest).await?;
        let events = events
            .iter()
            .map(|(event_type, version, payload)| {
                ConversationEvent::decode(event_type, *version, payload)
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| LogError::Corrupt(error.to_string()))?;
        Ok(MessageState::fold(events))
    }
}

async fn load_message_events(
    pool: &PgPool,
    stream: i64,
    seq: i64,
    latest: i64,
) -> Result<Vec<(String, i16, Vec<u8>)>, LogError> {
    let rows = sqlx::query_as(
        "(SELECT event_type, event_version, payload FROM log.events
           WHERE stream = $1 AND sequence BETWEEN $2 AND $3
             AND message = $2 AND event_type = 'message_sent'
           LIMIT 1)
         UNION ALL
         (SELECT event_type, event_version, payload FROM log.events
           WHERE stream = $1 AND message = $2 AND event_type <> 'message_sent'
           ORDER BY position)",
    )
    .bind(stream)
    .bind(seq)
    .bind(latest)
    .fetch_all(pool)
    .await?;
    Ok(rows)
}
