//! Loads exported events into an empty log, exactly as they were: positions, times, sequences,
//! versions and data stay the same, and so do the identity of the log and its epochs. The ids of
//! events, which are cursors, therefore stay valid.

use std::collections::HashMap;
use std::fmt::Write as _;

use domain::conversation::event::ConversationEvent;
use domain::envelope::{AggregateKind, Envelope};
use domain::event::EventFamily as _;
use domain::hex::to_hex;
use domain::history::History;
use domain::time::Timestamp;
use event_log::LoggedEvent as _;
use serde::Deserialize;
use sqlx::PgConnection;
use sqlx::types::time::OffsetDateTime;
use uuid::Uuid;

const COPY_EVENTS: &str = "COPY log.events (position, stream, sequence, message, occurred_at, \
     event_version, event_type, payload, actor, traceparent) FROM STDIN";

/// Why events cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The log has events.
    #[error("the log is not empty: it ends at position {0}; load into a new system")]
    NotEmpty(i64),
    /// A position is missing or repeated.
    #[error("expected the event at position {expected} next, found position {found}")]
    Gap {
        /// The next position.
        expected: i64,
        /// The position of the event.
        found: i64,
    },
    /// An event of an aggregate is missing or repeated.
    #[error(
        "the event at position {position} is event {found} of {source_name}; expected {expected}"
    )]
    Sequence {
        /// The position of the event.
        position: i64,
        /// The aggregate.
        source_name: String,
        /// Its next sequence.
        expected: i64,
        /// The sequence of the event.
        found: i64,
    },
    /// Times run backwards.
    #[error("the event at position {0} is earlier than the one before it")]
    Time(i64),
    /// Postgres is unavailable.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// The end of a stream so far.
#[derive(Debug, Clone, Copy)]
struct StreamEnd {
    id: i64,
    sequence: i64,
}

/// Loads events in a transaction of its caller. Without [`LogLoader::finish`], the log stays
/// without an end and must be rolled back.
pub struct LogLoader<'c> {
    connection: &'c mut PgConnection,
    streams: HashMap<(AggregateKind, String), StreamEnd>,
    position: i64,
    time: Timestamp,
}

impl<'c> LogLoader<'c> {
    /// Begins, and keeps appends out until the end of the transaction. Fails if the log has events.
    pub async fn begin(connection: &'c mut PgConnection) -> Result<Self, LoadError> {
        let position: i64 = sqlx::query_scalar("SELECT position FROM log.head FOR UPDATE")
            .fetch_one(&mut *connection)
            .await?;
        if position != 0 {
            return Err(LoadError::NotEmpty(position));
        }
        Ok(Self {
            connection,
            streams: HashMap::new(),
            position: 0,
            time: Timestamp::from_millis(i64::MIN),
        })
    }

    /// The last position so far.
    pub fn position(&self) -> i64 {
        self.position
    }

    /// The number of conversations and mailboxes so far.
    pub fn stream_count(&self) -> usize {
        self.streams.len()
    }

    /// The connection, for what belongs to the same transaction.
    pub fn connection(&mut self) -> &mut PgConnection {
        self.connection
    }

    /// Loads the next events, which must continue where the last ones ended.
    pub async fn load(&mut self, events: &[Envelope]) -> Result<(), LoadError> {
        self.create_streams(events).await?;
        let mut rows = String::new();
        for event in events {
            let stream = self.advance(event)?;
            write_row(&mut rows, event, stream);
        }
        let mut copy = self.connection.copy_in_raw(COPY_EVENTS).await?;
        copy.send(rows.into_bytes()).await?;
        copy.finish().await?;
        Ok(())
    }

    /// Gives numbers to the aggregates that have none yet, in the order of their first events.
    async fn create_streams(&mut self, events: &[Envelope]) -> Result<(), LoadError> {
        let mut names: Vec<(AggregateKind, String)> = Vec::new();
        for event in events {
            let name = (event.aggregate, event.aggregate_id.clone());
            if !self.streams.contains_key(&name) {
                let id = (self.streams.len() + 1) as i64;
                let end = StreamEnd { id, sequence: 0 };
                self.streams.insert(name.clone(), end);
                names.push(name);
            }
        }
        if names.is_empty() {
            return Ok(());
        }
        let first = (self.streams.len() - names.len() + 1) as i64;
        let ids: Vec<i64> = (first..).take(names.len()).collect();
        let kinds: Vec<&str> = names.iter().map(|(kind, _)| kind.as_str()).collect();
        let aggregates: Vec<&str> = names.iter().map(|(_, id)| id.as_str()).collect();
        sqlx::query(
            "INSERT INTO log.streams (id, aggregate_type, aggregate_id)
             SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[])",
        )
        .bind(ids)
        .bind(kinds)
        .bind(aggregates)
        .execute(&mut *self.connection)
        .await?;
        Ok(())
    }

    /// Checks that an event is the next one of the log and of its aggregate. Returns its stream.
    fn advance(&mut self, event: &Envelope) -> Result<i64, LoadError> {
        let expected = self.position + 1;
        if event.position != expected {
            return Err(LoadError::Gap {
                expected,
                found: event.position,
            });
        }
        if event.time < self.time {
            return Err(LoadError::Time(event.position));
        }
        let name = (event.aggregate, event.aggregate_id.clone());
        let end = self
            .streams
            .entry(name)
            .or_insert(StreamEnd { id: 0, sequence: 0 });
        if event.sequence != end.sequence + 1 {
            return Err(LoadError::Sequence {
                position: event.position,
                source_name: event.source(),
                expected: end.sequence + 1,
                found: event.sequence,
            });
        }
        end.sequence = event.sequence;
        let id = end.id;
        (self.position, self.time) = (expected, event.time);
        Ok(id)
    }

    /// Sets the end of the log, its identity, and the epochs that its events belong to.
    pub async fn finish(self, log_id: Uuid, history: &History) -> Result<(), LoadError> {
        let epochs = history.epochs().iter();
        let (after, tags): (Vec<i64>, Vec<i32>) = epochs
            .filter(|epoch| epoch.after < self.position)
            .map(|epoch| (epoch.after, epoch.tag.to_sql()))
            .unzip();
        sqlx::query("DELETE FROM log.epochs")
            .execute(&mut *self.connection)
            .await?;
        sqlx::query(
            "INSERT INTO log.epochs (begins_after, tag) SELECT * FROM unnest($1::bigint[], $2::int[])",
        )
        .bind(after)
        .bind(tags)
        .execute(&mut *self.connection)
        .await?;
        sqlx::query("UPDATE log.head SET position = $1, occurred_at = $2, log_id = $3, tag = $4")
            .bind(self.position)
            .bind(OffsetDateTime::from(self.time))
            .bind(log_id)
            .bind(history.tag_at(self.position).to_sql())
            .execute(&mut *self.connection)
            .await?;
        sqlx::query(
            "SELECT setval(pg_get_serial_sequence('log.streams', 'id'), greatest($1, 1), $1 > 0)",
        )
        .bind(self.streams.len() as i64)
        .execute(&mut *self.connection)
        .await?;
        Ok(())
    }
}

/// Writes an event in the text format of `COPY`.
fn write_row(rows: &mut String, event: &Envelope, stream: i64) {
    let message = message_seq(event).map_or_else(|| "\\N".to_owned(), |seq| seq.to_string());
    // Writing to a String cannot fail.
    let _ = write!(
        rows,
        "{}\t{stream}\t{}\t{message}\t{}\t{}\t{}\t\\\\x",
        event.position,
        event.sequence,
        event.time,
        event.version,
        escape(&event.event_type)
    );
    rows.push_str(&to_hex(event.data.get().as_bytes()));
    for text in [&event.actor, &event.traceparent] {
        rows.push('\t');
        match text {
            Some(text) => rows.push_str(&escape(text)),
            None => rows.push_str("\\N"),
        }
    }
    rows.push('\n');
}

/// Escapes text for `COPY`.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('\t', "\\t")
        .replace('\n', "\\n")
        .replace('\r', "\\r")
}

/// The message that an event is about. An event of a newer release is read as far as possible.
fn message_seq(event: &Envelope) -> Option<i64> {
    #[derive(Deserialize)]
    struct AboutMessage {
        seq: Option<i64>,
    }
    if event.aggregate != AggregateKind::Conversation {
        return None;
    }
    let data = event.data.get();
    match ConversationEvent::decode(&event.event_type, event.version, data.as_bytes()) {
        Ok(decoded) => decoded.message_seq(),
        Err(_) => serde_json::from_str::<AboutMessage>(data).ok()?.seq,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use serde_json::value::to_raw_value;

    use super::*;

    fn event(event_type: &str, data: &serde_json::Value) -> Envelope {
        Envelope {
            position: 3,
            tag: None,
            aggregate: AggregateKind::Conversation,
            aggregate_id: "team".into(),
            sequence: 2,
            event_type: event_type.into(),
            version: 1,
            time: Timestamp::from_millis(0),
            actor: None,
            traceparent: None,
            data: to_raw_value(data).expect("it is JSON"),
        }
    }

    #[test]
    fn a_row_has_the_data_in_hexadecimal_and_nothing_that_ends_it_early() {
        let mut rows = String::new();
        write_row(&mut rows, &event("a\tb\n", &json!({ "seq": 7 })), 5);
        let expected = "3\t5\t2\t7\t1970-01-01T00:00:00.000Z\t1\ta\\tb\\n\t\\\\x7b22736571223a377d\t\\N\t\\N\n";
        assert_eq!(rows, expected);

        rows.clear();
        let actor = Some("desk\tone".to_owned());
        let event = Envelope {
            actor,
            traceparent: Some("00-a-b-01".to_owned()),
            ..event("t", &json!({}))
        };
        write_row(&mut rows, &event, 5);
        assert!(
            rows.ends_with("\t\\\\x7b7d\tdesk\\tone\t00-a-b-01\n"),
            "{rows}"
        );
    }

    #[test]
    fn an_event_about_no_message_has_none() {
        let recalled = event("message_recalled", &json!({ "seq": 4, "by": "ann" }));
        assert_eq!(message_seq(&recalled), Some(4));
        let removed = event("member_removed", &json!({ "user": "bob", "by": "ann" }));
        assert_eq!(message_seq(&removed), None);
        let mailbox = Envelope {
            aggregate: AggregateKind::Mailbox,
            ..recalled
        };
        assert_eq!(message_seq(&mailbox), None);
    }
}
