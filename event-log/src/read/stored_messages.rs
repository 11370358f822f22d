//! The messages that a conversation has in the log, for audits.

use connectivity::timeout::{PAGE_TIMEOUT, within};
use domain::envelope::AggregateKind;

use super::reader::LogReader;

/// The messages of one conversation, as the log has them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredMessages {
    /// The newest seq, 0 without messages.
    pub head_seq: i64,
    /// How many messages the log has.
    pub stored: i64,
    /// How many of them are at or before each of the given positions.
    pub passed: Vec<i64>,
    /// The seqs from 1 to the newest that the log does not have, at most as many as asked for.
    pub missing: Vec<i64>,
}

impl LogReader {
    /// Counts the messages of a conversation, and those at or before each of these positions.
    pub async fn count_stored(
        &self,
        conversation: &str,
        positions: &[i64],
        max_missing: i64,
    ) -> Result<StoredMessages, sqlx::Error> {
        let kind = AggregateKind::Conversation;
        let Some(stream) = self.find_stream_id(kind, conversation).await? else {
            return Ok(StoredMessages {
                passed: vec![0; positions.len()],
                ..StoredMessages::default()
            });
        };
        // Nothing is appended between these statements that would change their answer: each message
        // up to the newest one is there, or it is missing and stays so.
        let counts = sqlx::query_as(
            "SELECT count(*), coalesce(max(message), 0),
                    coalesce((SELECT array_agg(
                        (SELECT count(*) FROM log.events x
                          WHERE x.stream = $1 AND x.event_type = 'message_sent'
                            AND x.position <= p.position) ORDER BY p.number)
                      FROM unnest($2::bigint[]) WITH ORDINALITY AS p (position, number)), '{}')
               FROM log.events WHERE stream = $1 AND event_type = 'message_sent'",
        )
        .bind(stream)
        .bind(positions)
        .fetch_one(&self.pool);
        let (stored, head_seq, passed): (i64, i64, Vec<i64>) = within(PAGE_TIMEOUT, counts).await?;
        let missing = sqlx::query_scalar(
            "SELECT n FROM generate_series(1, $2::bigint) n
             EXCEPT SELECT message FROM log.events
                     WHERE stream = $1 AND event_type = 'message_sent'
             ORDER BY 1 LIMIT $3",
        )
        .bind(stream)
        .bind(head_seq)
        .bind(max_missing)
        .fetch_all(&self.pool);
        Ok(StoredMessages {
            head_seq,
            stored,
            passed,
            missing: within(PAGE_TIMEOUT, missing).await?,
        })
    }
}
