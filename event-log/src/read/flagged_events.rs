//! Reads what moderation follows: events of some types, and those texts that rules have flagged.

use domain::envelope::Envelope;
use domain::history::LogCursor;
use sqlx::{Acquire as _, PgConnection, Row as _};

use super::epochs;
use super::reader::{LogReader, decode_envelope};
use super::stream_names::StreamNames;
use connectivity::timeout::{PAGE_TIMEOUT, within};

/// What the data of an event contains whose text was flagged. Within a text, the quotation marks
/// would be escaped.
const FLAGS_FIELD: &str = "\"flags\":[";

/// What the data of an event contains that sets a rule which flags.
const FLAG_ACTION: &str = "\"action\":\"flag\"";

/// Selects events of some types that are rare, by the index on them.
const SELECT_RARE: &str = "SELECT e.position, e.sequence, e.event_type, e.event_version, e.occurred_at, e.payload, e.actor, \
     e.traceparent, e.stream \
     FROM unnest($3::text[]) AS t (name) CROSS JOIN LATERAL ( \
         SELECT * FROM log.events WHERE event_type = t.name AND event_type <> 'message_sent' \
            AND position > $1 AND position <= $2 ORDER BY position) e \
     WHERE $4::text[] IS NOT NULL AND $5::bytea IS NOT NULL ORDER BY e.position";

/// Selects events of some types, and flagged ones of others.
const SELECT_FLAGGED: &str = "SELECT position, sequence, event_type, event_version, occurred_at, payload, actor, traceparent, stream \
     FROM log.events WHERE position > $1 AND position <= $2 \
     AND (event_type = ANY($3) OR event_type = ANY($4) AND position($5 IN payload) > 0) \
     ORDER BY position";

/// Which events to read.
#[derive(Debug, Clone, Default)]
pub struct FlaggedFilter {
    /// All events of these types.
    pub types: Vec<String>,
    /// Events of these types whose text was flagged.
    pub flagged: Vec<String>,
}

/// A page of the log with the events that a filter lets through.
#[derive(Debug)]
pub struct FlaggedPage {
    /// The events, in position order.
    pub events: Vec<Envelope>,
    /// The page is complete up to here; `None` in an empty log.
    pub reached: Option<LogCursor>,
    /// Whether this is the end of the log.
    pub is_last: bool,
}

impl LogReader {
    /// Reads what a filter lets through of the next `limit` events after a cursor. `None` if the
    /// log does not have the event at the cursor: it was restored, or a failover lost events. At
    /// the end of the log this is one cheap query.
    pub async fn read_flagged(
        &self,
        after: Option<LogCursor>,
        filter: &FlaggedFilter,
        limit: i64,
    ) -> Result<Option<FlaggedPage>, sqlx::Error> {
        within(PAGE_TIMEOUT, async {
            let mut connection = self.pool.acquire().await?;
            let position = after.map_or(0, |cursor| cursor.position);
            let (head, has_cursor) = find_end(&mut connection, after).await?;
            if has_cursor && head == position {
                return Ok(Some(FlaggedPage {
                    events: Vec::new(),
                    reached: after,
                    is_last: true,
                }));
            }
            let mut snapshot = connection.begin().await?;
            sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                .execute(&mut *snapshot)
                .await?;
            let (head, has_cursor) = find_end(&mut snapshot, after).await?;
            if !has_cursor {
                return Ok(None);
            }
            let end = head.min(position.saturating_add(limit));
            let events = read_between(&mut snapshot, filter, position, end).await?;
            let history = epochs::load_history(&mut snapshot).await?;
            snapshot.rollback().await?;
            Ok(Some(FlaggedPage {
                events,
                reached: (end > 0).then(|| history.cursor_at(end)),
                is_last: end == head,
            }))
        })
        .await
    }
}

impl LogReader {
    /// Whether a word list or rules for links that flag have ever been set, up to a position.
    pub async fn has_flagging_rules(&self, position: i64) -> Result<bool, sqlx::Error> {
        let find = sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM log.events WHERE event_type IN ('word_list_set', 'link_rules_set') \
             AND event_type <> 'message_sent' AND position <= $1 AND position($2 IN payload) > 0)",
        );
        let find = find.bind(position).bind(FLAG_ACTION.as_bytes());
        within(PAGE_TIMEOUT, find.fetch_one(&self.pool)).await
    }
}

/// The head of the log, and whether the log has the event at a cursor.
async fn find_end(
    connection: &mut PgConnection,
    cursor: Option<LogCursor>,
) -> Result<(i64, bool), sqlx::Error> {
    sqlx::query_as(concat!(
        "SELECT position, ",
        crate::has_cursor_sql!("$1", "$2"),
        " FROM log.head"
    ))
    .bind(cursor.map_or(0, |cursor| cursor.position))
    .bind(cursor.map(|cursor| cursor.tag.to_sql()))
    .fetch_one(connection)
    .await
}

async fn read_between(
    connection: &mut PgConnection,
    filter: &FlaggedFilter,
    after: i64,
    end: i64,
) -> Result<Vec<Envelope>, sqlx::Error> {
    let is_rare =
        filter.flagged.is_empty() && !filter.types.iter().any(|name| name == "message_sent");
    let rows = sqlx::query(if is_rare { SELECT_RARE } else { SELECT_FLAGGED })
        .bind(after)
        .bind(end)
        .bind(&filter.types)
        .bind(&filter.flagged)
        .bind(FLAGS_FIELD.as_bytes())
        .fetch_all(&mut *connection)
        .await?;
    let streams: Vec<i64> = rows
        .iter()
        .map(|row| row.try_get(8))
        .collect::<Result<_, _>>()?;
    let mut names = StreamNames::default();
    names.resolve(connection, streams.iter().copied()).await?;
    let mut events = rows
        .iter()
        .zip(streams)
        .map(|(row, stream)| decode_envelope(row, names.get(stream)?))
        .collect::<Result<Vec<_>, sqlx::Error>>()?;
    epochs::tag_events(connection, &mut events).await?;
    Ok(events)
}
