//! Reads what happened to one message, and when events were appended.

use std::collections::HashMap;

use connectivity::timeout::{PAGE_TIMEOUT, within};
use domain::envelope::{AggregateKind, Envelope};
use domain::time::Timestamp;
use sqlx::types::time::OffsetDateTime;

use super::epochs;
use super::reader::{LogReader, decode_envelope};

/// The maximum number of edits, recalls, restores and erasures that are read of one message.
const MAX_MESSAGE_EVENTS: i64 = 1_000;

/// Binds the stream, the seq and the maximum number of changes. Every message is an event, so the
/// message with seq n is at sequence n or later.
const MESSAGE_EVENTS: &str =
    "(SELECT position, sequence, event_type, event_version, occurred_at, payload, actor, traceparent
       FROM log.events
       WHERE stream = $1 AND sequence >= $2 AND message = $2 AND event_type = 'message_sent'
       ORDER BY sequence LIMIT 1)
     UNION ALL
     (SELECT position, sequence, event_type, event_version, occurred_at, payload, actor, traceparent
       FROM log.events
       WHERE stream = $1 AND message = $2 AND event_type <> 'message_sent'
         AND event_type IN ('message_edited', 'message_recalled', 'message_restored',
                            'message_erased')
       ORDER BY position LIMIT $3)";

impl LogReader {
    /// Reads the event that sent a message, followed by its edits, recalls, restores and erasures,
    /// in log order. Empty if the log has no such message.
    pub async fn message_events(
        &self,
        conversation: &str,
        seq: i64,
    ) -> Result<Vec<Envelope>, sqlx::Error> {
        let kind = AggregateKind::Conversation;
        let Some(stream) = self.find_stream_id(kind, conversation).await? else {
            return Ok(Vec::new());
        };
        within(PAGE_TIMEOUT, async {
            let connection = &mut *self.pool.acquire().await?;
            let rows = sqlx::query(MESSAGE_EVENTS)
                .bind(stream)
                .bind(seq)
                .bind(MAX_MESSAGE_EVENTS)
                .fetch_all(&mut *connection)
                .await?;
            let mut events = rows
                .iter()
                .map(|row| decode_envelope(row, (kind, conversation.to_owned())))
                .collect::<Result<Vec<_>, sqlx::Error>>()?;
            epochs::tag_events(connection, &mut events).await?;
            Ok(events)
        })
        .await
    }

    /// The times of the events at these positions. Positions without an event are left out.
    pub async fn event_times(
        &self,
        positions: &[i64],
    ) -> Result<HashMap<i64, Timestamp>, sqlx::Error> {
        let rows: Vec<(i64, OffsetDateTime)> =
            sqlx::query_as("SELECT position, occurred_at FROM log.events WHERE position = ANY($1)")
                .bind(positions)
                .fetch_all(&self.pool)
                .await?;
        let times = rows.into_iter().map(|(position, at)| (position, at.into()));
        Ok(times.collect())
    }
}
