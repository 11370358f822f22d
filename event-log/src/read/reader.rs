//! Reads the log by position, by stream, by type and by time.

use connectivity::timeout::{EXCHANGE_TIMEOUT, PAGE_TIMEOUT, within};
use domain::envelope::{AggregateKind, Envelope};
use domain::history::{EpochTag, History};
use domain::time::Timestamp;
use serde_json::value::RawValue;
use sqlx::types::time::OffsetDateTime;
use sqlx::{PgConnection, PgPool, Postgres, QueryBuilder, Row as _};
use uuid::Uuid;

use super::epochs;
use super::sent_range::SentRange;
use super::stream_names::{self, StreamNames};
use super::user_filter;

/// The head of the log: its last position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogHead {
    /// The position of the last event, 0 if there is none.
    pub position: i64,
    /// The time of the last event.
    pub time: Timestamp,
    /// The permanent identity of this log. A copy of the database has the same.
    pub log_id: Uuid,
    /// The tag of the newest epoch.
    pub tag: EpochTag,
}

/// Which events to read. Fields that are empty do not filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Event types, such as `message_sent`. Empty for all.
    pub event_types: Vec<String>,
    /// Only events of this aggregate.
    pub aggregate: Option<(AggregateKind, String)>,
    /// Only events from this time on, inclusive.
    pub since: Option<Timestamp>,
    /// Only events before this time, exclusive.
    pub until: Option<Timestamp>,
    /// Only events whose messages were sent in this range.
    pub sent: SentRange,
    /// Only events that involve this user: those of their mailbox and those that name them.
    pub user: Option<String>,
}

impl EventFilter {
    /// Whether the query reads all events. When messages were sent is in the data of their events,
    /// so that range is applied to what was read.
    fn reads_all(&self) -> bool {
        let Self {
            event_types,
            aggregate,
            since,
            until,
            sent: _,
            user,
        } = self;
        event_types.is_empty()
            && aggregate.is_none()
            && since.is_none()
            && until.is_none()
            && user.is_none()
    }
}

/// A page of filtered events.
#[derive(Debug)]
pub struct EventPage {
    /// The events, in position order.
    pub events: Vec<Envelope>,
    /// The pages so far are complete up to this position. Continue reading after it.
    pub scanned_to: i64,
    /// Whether this is the last page up to the head.
    pub is_last: bool,
}

impl EventPage {
    /// The same page with at most `limit` events.
    fn cut_to(mut self, limit: i64) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        if self.events.len() > limit {
            self.events.truncate(limit);
            self.is_last = false;
            if let Some(event) = self.events.last() {
                self.scanned_to = event.position;
            }
        }
        self
    }
}

/// A message that was sent, edited, recalled, restored or erased.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ChangedMessage {
    /// The conversation's id.
    pub conversation: String,
    /// The message's number there.
    pub seq: i64,
}

/// Reads the log of one database.
#[derive(Debug, Clone)]
pub struct LogReader {
    pub(super) pool: PgPool,
}

/// How many events are read at a time to find those that were sent in a range.
const MIN_SCANNED_ROWS: i64 = 2_000;

/// Selects events. The columns that [`decode_envelope`] reads come first, always in this order.
const SELECT_EVENTS: &str = "SELECT e.position, e.sequence, e.event_type, e.event_version, e.occurred_at, e.payload, \
     e.actor, e.traceparent, s.aggregate_type, s.aggregate_id FROM log.events e JOIN log.streams s ON s.id = e.stream WHERE ";

/// Selects a page by position. The text is constant, so that the statement stays prepared.
const SELECT_AFTER: &str = "SELECT position, sequence, event_type, event_version, occurred_at, payload, actor, traceparent, \
     stream FROM log.events WHERE position > $1 AND position <= $2 ORDER BY position";

impl LogReader {
    /// A reader of the log in a migrated database.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// The current head of the log.
    pub async fn head(&self) -> Result<LogHead, sqlx::Error> {
        let head = sqlx::query_as("SELECT position, occurred_at, log_id, tag FROM log.head")
            .fetch_one(&self.pool);
        let (position, time, log_id, tag): (i64, OffsetDateTime, Uuid, i32) =
            within(EXCHANGE_TIMEOUT, head).await?;
        Ok(LogHead {
            position,
            time: time.into(),
            log_id,
            tag: EpochTag::from_sql(tag),
        })
    }

    /// The epochs of the log.
    pub async fn history(&self) -> Result<History, sqlx::Error> {
        within(EXCHANGE_TIMEOUT, async {
            epochs::load_history(&mut *self.pool.acquire().await?).await
        })
        .await
    }

    /// Reads the events after a position, without a gap, at most `limit`.
    pub async fn read_after(
        &self,
        position: i64,
        limit: i64,
    ) -> Result<Vec<Envelope>, sqlx::Error> {
        within(PAGE_TIMEOUT, async {
            let connection = &mut *self.pool.acquire().await?;
            read_after(connection, &mut StreamNames::default(), position, limit).await
        })
        .await
    }

    /// Returns the messages that the events after `after`, up to and including `up_to`, have sent,
    /// edited, recalled, restored or erased. Each message occurs once, in no particular order.
    pub async fn changed_messages(
        &self,
        after: i64,
        up_to: i64,
    ) -> Result<Vec<ChangedMessage>, sqlx::Error> {
        sqlx::query_as(
            "SELECT DISTINCT s.aggregate_id AS conversation, e.message AS seq \
             FROM log.events e JOIN log.streams s ON s.id = e.stream \
             WHERE e.position > $1 AND e.position <= $2 AND e.message IS NOT NULL \
             AND e.event_type IN ('message_sent', 'message_edited', 'message_recalled', 'message_restored', \
             'message_erased')",
        )
        .bind(after)
        .bind(up_to)
        .fetch_all(&self.pool)
        .await
    }

    /// The time of the event at a position; `None` if there is no such event.
    pub async fn event_time(&self, position: i64) -> Result<Option<Timestamp>, sqlx::Error> {
        let time: Option<OffsetDateTime> =
            sqlx::query_scalar("SELECT occurred_at FROM log.events WHERE position = $1")
                .bind(position)
                .fetch_optional(&self.pool)
                .await?;
        Ok(time.map(Timestamp::from))
    }

    /// Reads the events after a position that match the filter, at most `limit`.
    pub async fn read_filtered(
        &self,
        filter: &EventFilter,
        after: i64,
        limit: i64,
    ) -> Result<EventPage, sqlx::Error> {
        let head = self.head().await?.position;
        let first = match filter.since {
            Some(since) => after.max(self.last_position_before(since).await?),
            None => after,
        };
        let last = match filter.until {
            Some(until) => head.min(self.last_position_before(until).await?),
            None => head,
        };
        let mut page = self.read_page(filter, first, last, limit).await?;
        if page.is_last {
            page.scanned_to = head.max(after);
        }
        Ok(page)
    }

    /// Reads the events after one position, up to and including `last`, that match the filter. The
    /// times in the filter are ignored.
    pub async fn read_page(
        &self,
        filter: &EventFilter,
        after: i64,
        last: i64,
        limit: i64,
    ) -> Result<EventPage, sqlx::Error> {
        self.read_page_with_names(filter, &mut StreamNames::default(), after, last, limit)
            .await
    }

    pub(crate) async fn read_page_with_names(
        &self,
        filter: &EventFilter,
        names: &mut StreamNames,
        after: i64,
        last: i64,
        limit: i64,
    ) -> Result<EventPage, sqlx::Error> {
        // Few events may be left of a page.
        let row_limit = if filter.sent.is_unbounded() {
            limit
        } else {
            limit.max(MIN_SCANNED_ROWS)
        };
        let mut events = if after >= last {
            Vec::new()
        } else if filter.reads_all() {
            let connection = &mut *self.pool.acquire().await?;
            read_after(connection, names, after, row_limit.min(last - after)).await?
        } else {
            self.query_between(filter, after, last, row_limit).await?
        };
        let is_last = (events.len() as i64) < row_limit;
        let scanned_to = match events.last() {
            Some(event) if !is_last => event.position,
            _ => last.max(after),
        };
        if let Some(user) = &filter.user {
            events.retain(|event| user_filter::involves_user(event, user));
        }
        if !filter.sent.is_unbounded() {
            events.retain(|event| filter.sent.contains(event.sent_at()));
        }
        let page = EventPage {
            events,
            scanned_to,
            is_last,
        };
        Ok(page.cut_to(limit))
    }

    async fn query_between(
        &self,
        filter: &EventFilter,
        after: i64,
        last: i64,
        limit: i64,
    ) -> Result<Vec<Envelope>, sqlx::Error> {
        let mut query = QueryBuilder::<Postgres>::new(SELECT_EVENTS);
        query.push("e.position > ").push_bind(after);
        query.push(" AND e.position <= ").push_bind(last);
        let mut order = " ORDER BY e.position LIMIT ";
        if let Some((kind, id)) = &filter.aggregate {
            let Some(stream) = self.find_stream_id(*kind, id).await? else {
                return Ok(Vec::new());
            };
            let sequence = self.last_sequence_at(stream, after).await?;
            query.push(" AND e.stream = ").push_bind(stream);
            query.push(" AND e.sequence > ").push_bind(sequence);
            // Within a stream, sequence order is position order, and it has the index.
            order = " ORDER BY e.sequence LIMIT ";
        }
        if !filter.event_types.is_empty() {
            query
                .push(" AND e.event_type = ANY(")
                .push_bind(&filter.event_types)
                .push(")");
            if !filter.event_types.iter().any(|name| name == "message_sent") {
                // Lets the planner use the index on the rarer types.
                query.push(" AND e.event_type <> 'message_sent'");
            }
        }
        if let Some(user) = &filter.user {
            // Preselects payloads that contain the user id as a JSON string. `involves_user`
            // decides later.
            query
                .push(" AND ((s.aggregate_type = 'mailbox' AND s.aggregate_id = ")
                .push_bind(user)
                .push(") OR position(")
                .push_bind(user_filter::to_json_literal(user))
                .push(" IN e.payload) > 0)");
        }
        query.push(order).push_bind(limit);
        let connection = &mut *self.pool.acquire().await?;
        let rows = query.build().fetch_all(&mut *connection).await?;
        let mut events = rows
            .iter()
            .map(|row| {
                let kind = stream_names::parse_aggregate_kind(row.try_get(8)?)?;
                decode_envelope(row, (kind, row.try_get(9)?))
            })
            .collect::<Result<Vec<_>, sqlx::Error>>()?;
        epochs::tag_events(connection, &mut events).await?;
        Ok(events)
    }

    /// The last position whose event is earlier than `time`; 0 if there is none. A binary search,
    /// since times never decrease along the log.
    pub async fn last_position_before(&self, time: Timestamp) -> Result<i64, sqlx::Error> {
        let time = OffsetDateTime::from(time);
        let head = self.head().await?.position;
        let (mut low, mut high) = (0, head);
        while low < high {
            let middle = low + (high - low + 1) / 2;
            let at: OffsetDateTime = sqlx::query_scalar(
                "SELECT occurred_at FROM log.events WHERE position >= $1 ORDER BY position LIMIT 1",
            )
            .bind(middle)
            .fetch_one(&self.pool)
            .await?;
            if at < time {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        Ok(low)
    }

    /// The id of the stream of an aggregate; `None` if it has no events.
    pub(crate) async fn find_stream_id(
        &self,
        kind: AggregateKind,
        id: &str,
    ) -> Result<Option<i64>, sqlx::Error> {
        sqlx::query_scalar(
            "SELECT id FROM log.streams WHERE aggregate_type = $1 AND aggregate_id = $2",
        )
        .bind(kind.as_str())
        .bind(id)
        .fetch_optional(&self.pool)
        .await
    }

    /// The last sequence of a stream at or before a position, by binary search.
    async fn last_sequence_at(&self, stream: i64, position: i64) -> Result<i64, sqlx::Error> {
        let last: Option<i64> =
            sqlx::query_scalar("SELECT max(sequence) FROM log.events WHERE stream = $1")
                .bind(stream)
                .fetch_one(&self.pool)
                .await?;
        let (mut low, mut high) = (0, last.unwrap_or(0));
        while low < high {
            let middle = low + (high - low + 1) / 2;
            let at: i64 = sqlx::query_scalar(
                "SELECT position FROM log.events WHERE stream = $1 AND sequence = $2",
            )
            .bind(stream)
            .bind(middle)
            .fetch_one(&self.pool)
            .await?;
            if at <= position {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        Ok(low)
    }
}

/// Reads the events after a position from one session, without a gap, at most `limit`. Their tags
/// are read from the same session, so that they belong to the same history.
pub(crate) async fn read_after(
    connection: &mut PgConnection,
    names: &mut StreamNames,
    position: i64,
    limit: i64,
) -> Result<Vec<Envelope>, sqlx::Error> {
    let rows = sqlx::query(SELECT_AFTER)
        .bind(position)
        .bind(position.saturating_add(limit))
        .fetch_all(&mut *connection)
        .await?;
    let streams: Vec<i64> = rows
        .iter()
        .map(|row| row.try_get(8))
        .collect::<Result<_, _>>()?;
    names
        .resolve(&mut *connection, streams.iter().copied())
        .await?;
    let mut events = rows
        .iter()
        .zip(streams)
        .map(|(row, stream)| decode_envelope(row, names.get(stream)?))
        .collect::<Result<Vec<_>, sqlx::Error>>()?;
    epochs::tag_events(connection, &mut events).await?;
    Ok(events)
}

/// Decodes an event, without its tag.
pub(super) fn decode_envelope(
    row: &sqlx::postgres::PgRow,
    (aggregate, aggregate_id): (AggregateKind, String),
) -> Result<Envelope, sqlx::Error> {
    let time: OffsetDateTime = row.try_get(4)?;
    Ok(Envelope {
        position: row.try_get(0)?,
        tag: None,
        aggregate,
        aggregate_id,
        sequence: row.try_get(1)?,
        event_type: row.try_get(2)?,
        version: row.try_get(3)?,
        time: time.into(),
        actor: row.try_get(6)?,
        traceparent: row.try_get(7)?,
        data: decode_payload(row.try_get(5)?)?,
    })
}

/// The payload as JSON. A payload that is not JSON becomes a JSON string, so that the log can be
/// read past it; code that needs the event's fields fails to find them.
fn decode_payload(payload: &[u8]) -> Result<Box<RawValue>, sqlx::Error> {
    let text = std::str::from_utf8(payload).unwrap_or_default();
    RawValue::from_string(text.to_owned())
        .or_else(|_| serde_json::value::to_raw_value(&String::from_utf8_lossy(payload)))
        .map_err(|error| sqlx::Error::Decode(error.into()))
}

/// An SQL expression for the body, as JSON text, that the event at `$position` (an SQL expression)
/// gave to a message. Null if there is no such event, or if its content has been erased.
///
/// This, `event_time_sql`, `session_tags_sql` and `has_cursor_sql` are the only SQL on `log.*` that
/// leaves this crate: an as-of query needs what the read models do not have, such as the bodies of
/// recalled messages, and joins it in its own statement.
#[macro_export]
macro_rules! event_body_sql {
    ($position:literal) => {
        concat!(
            "(SELECT nullif((convert_from(e.payload, 'UTF8')::json -> 'body')::text, '{\"erased\":true}') FROM log.events e
              WHERE e.position = ",
            $position,
            ")"
        )
    };
}

/// An SQL expression for the time of the last event up to `$position` (an SQL expression).
#[macro_export]
macro_rules! event_time_sql {
    ($position:literal) => {
        concat!(
            "(SELECT e.occurred_at FROM log.events e WHERE e.position <= ",
            $position,
            " ORDER BY e.position DESC LIMIT 1)"
        )
    };
}

/// An SQL expression for the tags, as JSON text, that the service session `$session` had at
/// `$position` (SQL expressions). Null if it never had any.
#[macro_export]
macro_rules! session_tags_sql {
    ($session:literal, $position:literal) => {
        concat!(
            "(SELECT convert_from(e.payload, 'UTF8')::json ->> 'tags' FROM log.events e
              WHERE e.event_type = 'session_tagged' AND e.position <= ",
            $position,
            " AND convert_from(e.payload, 'UTF8')::json ->> 'session' = ",
            $session,
            " ORDER BY e.position DESC LIMIT 1)"
        )
    };
}
