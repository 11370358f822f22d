//! Follows the rare events of some types: for state that every process keeps in memory, such as who
//! is deactivated.

use connectivity::timeout::{PAGE_TIMEOUT, within};
use domain::envelope::Envelope;
use domain::history::LogCursor;
use sqlx::postgres::PgRow;
use sqlx::{Acquire as _, PgConnection, Row as _};

use super::epochs;
use super::reader::{LogReader, decode_envelope};
use super::stream_names;

/// How many events a step returns at most.
const PAGE_LIMIT: i64 = 1_000;

/// The events of some types, from the beginning of the log on. The caller polls [`Self::step`].
#[derive(Debug)]
pub struct TypeFollower {
    reader: LogReader,
    event_types: Vec<String>,
    /// Everything up to here has been returned; `None` before the first event.
    cursor: Option<LogCursor>,
}

/// What a step found.
#[derive(Debug, Default)]
pub struct FollowedEvents {
    /// The log no longer has what earlier steps returned: it was restored, or a failover lost
    /// events. `events` begin at the beginning of the log again, so fold them into an empty state.
    pub restarted: bool,
    /// The next events, in position order.
    pub events: Vec<Envelope>,
    /// Whether these are all events up to the end of the log. If not, call the step again at once.
    pub is_current: bool,
}

impl TypeFollower {
    /// Follows these event types. `message_sent`, which has no index by type,
    /// cannot be followed.
    pub fn new(reader: LogReader, event_types: Vec<String>) -> Self {
        Self {
            reader,
            event_types,
            cursor: None,
        }
    }

    /// Reads the next events. While there are none, a step is one cheap query. If it fails, nothing
    /// is skipped: the next step reads from the same position.
    pub async fn step(&mut self) -> Result<FollowedEvents, sqlx::Error> {
        within(PAGE_TIMEOUT, async {
            let mut connection = self.reader.pool.acquire().await?;
            let (head, has_cursor) = self.find_end(&mut connection).await?;
            if has_cursor && self.position() == head {
                return Ok(FollowedEvents {
                    is_current: true,
                    ..FollowedEvents::default()
                });
            }
            self.read_page(&mut connection).await
        })
        .await
    }

    fn position(&self) -> i64 {
        self.cursor.map_or(0, |cursor| cursor.position)
    }

    /// The head of the log, and whether the log still has the event at the cursor.
    async fn find_end(&self, connection: &mut PgConnection) -> Result<(i64, bool), sqlx::Error> {
        sqlx::query_as(concat!(
            "SELECT position, ",
            crate::has_cursor_sql!("$1", "$2"),
            " FROM log.head"
        ))
        .bind(self.position())
        .bind(self.cursor.map(|cursor| cursor.tag.to_sql()))
        .fetch_one(connection)
        .await
    }

    /// Reads a page in one snapshot, so that its events and its cursor belong to one history.
    async fn read_page(
        &mut self,
        connection: &mut PgConnection,
    ) -> Result<FollowedEvents, sqlx::Error> {
        let mut snapshot = connection.begin().await?;
        sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            .execute(&mut *snapshot)
            .await?;
        let (head, has_cursor) = self.find_end(&mut snapshot).await?;
        let after = if has_cursor { self.position() } else { 0 };
        let events = self.read_between(&mut snapshot, after, head).await?;
        let is_current = (events.len() as i64) < PAGE_LIMIT;
        let read_to = match events.last() {
            Some(last) if !is_current => last.position,
            _ => head,
        };
        let history = epochs::load_history(&mut snapshot).await?;
        snapshot.rollback().await?;
        self.cursor = (read_to > 0).then(|| history.cursor_at(read_to));
        Ok(FollowedEvents {
            restarted: !has_cursor,
            events,
            is_current,
        })
    }

    async fn read_between(
        &self,
        connection: &mut PgConnection,
        after: i64,
        head: i64,
    ) -> Result<Vec<Envelope>, sqlx::Error> {
        // One index scan for each type: a scan by position would read the whole log at a start.
        let rows = sqlx::query(
            "SELECT e.position, e.sequence, e.event_type, e.event_version, e.occurred_at, e.payload, \
             e.actor, e.traceparent, s.aggregate_type, s.aggregate_id FROM unnest($3::text[]) AS t (name) CROSS JOIN LATERAL ( \
                 SELECT * FROM log.events \
                  WHERE event_type = t.name AND event_type <> 'message_sent' \
                    AND position > $1 AND position <= $2 ORDER BY position LIMIT $4) e \
             JOIN log.streams s ON s.id = e.stream ORDER BY e.position LIMIT $4",
        )
        .bind(after)
        .bind(head)
        .bind(&self.event_types)
        .bind(PAGE_LIMIT)
        .fetch_all(&mut *connection)
        .await?;
        let mut events = rows.iter().map(decode_row).collect::<Result<Vec<_>, _>>()?;
        epochs::tag_events(connection, &mut events).await?;
        Ok(events)
    }
}

fn decode_row(row: &PgRow) -> Result<Envelope, sqlx::Error> {
    let kind = stream_names::parse_aggregate_kind(row.try_get(8)?)?;
    decode_envelope(row, (kind, row.try_get(9)?))
}
