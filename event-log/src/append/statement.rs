//! The SQL statement that appends a batch.

use domain::history::EpochTag;
use domain::time::Timestamp;
use sqlx::PgConnection;
use sqlx::types::time::OffsetDateTime;
use uuid::Uuid;

use super::queue::{CommittedBatch, QueuedAppend};

/// The outcome of the append statement.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CommitOutcome {
    /// The batch was written.
    Committed(CommittedBatch),
    /// The head is not where it was known to be, or a stream is not the one that was loaded.
    /// Nothing was written.
    HeadMoved,
    /// Some of the keys exist already. Nothing was written.
    DuplicateKey,
}

/// The head as the log stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StoredHead {
    /// The last position.
    pub(crate) position: i64,
    /// The tag of the newest epoch, in which the next event is written.
    pub(crate) tag: EpochTag,
}

/// A batch as one array per column, borrowed from its appends.
#[derive(Default)]
pub(crate) struct BatchColumns<'a> {
    stream: Vec<i64>,
    sequence: Vec<i64>,
    message: Vec<Option<i64>>,
    version: Vec<i16>,
    event_type: Vec<&'a str>,
    payload: Vec<&'a [u8]>,
    actor: Vec<Option<&'a str>>,
    traceparent: Vec<Option<&'a str>>,
    new_stream: Vec<i64>,
    new_aggregate: Vec<&'static str>,
    new_id: Vec<&'a str>,
    /// The streams whose loaded state has not been compared with the log yet.
    loaded_stream: Vec<i64>,
    loaded_aggregate: Vec<&'static str>,
    loaded_id: Vec<&'a str>,
    loaded_sequence: Vec<i64>,
    key: Vec<Uuid>,
    fingerprint: Vec<Uuid>,
    /// The event of the batch whose position goes into the receipt, from 1; 0 for the previous
    /// head.
    receipt_event: Vec<i64>,
    answer: Vec<&'a [u8]>,
}

impl<'a> BatchColumns<'a> {
    /// The columns of a batch. New streams must have their ids already.
    pub(crate) fn from_batch(batch: &'a [QueuedAppend]) -> Self {
        let mut columns = Self::with_room_for(batch.len());
        for append in batch {
            columns.push(append);
        }
        columns
    }

    /// Nearly every append has one event and one receipt.
    fn with_room_for(appends: usize) -> Self {
        Self {
            stream: Vec::with_capacity(appends),
            sequence: Vec::with_capacity(appends),
            message: Vec::with_capacity(appends),
            version: Vec::with_capacity(appends),
            event_type: Vec::with_capacity(appends),
            payload: Vec::with_capacity(appends),
            actor: Vec::with_capacity(appends),
            traceparent: Vec::with_capacity(appends),
            key: Vec::with_capacity(appends),
            fingerprint: Vec::with_capacity(appends),
            receipt_event: Vec::with_capacity(appends),
            answer: Vec::with_capacity(appends),
            ..Self::default()
        }
    }

    /// How many events the batch has.
    pub(crate) fn event_count(&self) -> usize {
        self.stream.len()
    }

    /// Whether there is nothing to write, only observations to confirm.
    pub(crate) fn is_empty(&self) -> bool {
        self.stream.is_empty() && self.key.is_empty()
    }

    /// Adds the stream of the first append since its state was loaded. The rows of a new stream are
    /// compared by the constraints of the tables.
    fn push_loaded(&mut self, append: &'a QueuedAppend, stream: i64) {
        let Some(first) = append.rows.first() else {
            return;
        };
        let sequence = first.envelope.sequence - 1;
        if sequence == 0 || !append.revision.is_first_since_load(sequence) {
            return;
        }
        self.loaded_stream.push(stream);
        self.loaded_aggregate
            .push(first.envelope.aggregate.as_str());
        self.loaded_id.push(&first.envelope.aggregate_id);
        self.loaded_sequence.push(sequence);
    }

    fn push(&mut self, append: &'a QueuedAppend) {
        let before = self.stream.len();
        let stream = append.revision.stream_id();
        self.push_loaded(append, stream);
        for row in &append.rows {
            let envelope = &row.envelope;
            if envelope.sequence == 1 {
                self.new_stream.push(stream);
                self.new_aggregate.push(envelope.aggregate.as_str());
                self.new_id.push(&envelope.aggregate_id);
            }
            self.stream.push(stream);
            self.sequence.push(envelope.sequence);
            self.message.push(row.message_seq);
            self.version.push(envelope.version);
            self.event_type.push(&envelope.event_type);
            self.payload.push(envelope.data.get().as_bytes());
            self.actor.push(envelope.actor.as_deref());
            self.traceparent.push(envelope.traceparent.as_deref());
        }
        for receipt in &append.receipts {
            self.key.push(receipt.key.to_uuid());
            self.fingerprint.push(Uuid::from_u128(receipt.fingerprint));
            let nth = receipt
                .event_index
                .map_or(append.rows.len(), |event| event + 1);
            self.receipt_event.push(if nth == 0 {
                before as i64
            } else {
                (before + nth) as i64
            });
            self.answer.push(&receipt.answer);
        }
    }
}

/// Appends the batch if the head is at `known`, in the same history, and none of the keys exists.
/// It is one statement, so one transaction, one round trip and one fsync. Keys are nearly always
/// new, so the check is left to their unique index: looking them up first would cost a second index
/// descent for each.
///
/// The first append to a loaded stream also compares the stream with what was loaded: a state that
/// a pooled connection has read from another server must not be appended to.
pub(crate) async fn append_batch(
    connection: &mut PgConnection,
    known: StoredHead,
    columns: &BatchColumns<'_>,
) -> Result<CommitOutcome, sqlx::Error> {
    let written = sqlx::query_as(APPEND_BATCH)
        .bind(columns.event_count() as i64)
        .bind(known.position)
        .bind(&columns.new_stream)
        .bind(&columns.new_aggregate)
        .bind(&columns.new_id)
        .bind(&columns.stream)
        .bind(&columns.sequence)
        .bind(&columns.message)
        .bind(&columns.version)
        .bind(&columns.event_type)
        .bind(&columns.key)
        .bind(&columns.payload)
        .bind(&columns.fingerprint)
        .bind(&columns.receipt_event)
        .bind(&columns.answer)
        .bind(known.tag.to_sql())
        .bind(&columns.loaded_stream)
        .bind(&columns.loaded_aggregate)
        .bind(&columns.loaded_id)
        .bind(&columns.loaded_sequence)
        .bind(&columns.actor)
        .bind(&columns.traceparent)
        .fetch_optional(connection)
        .await;
    let written: Option<(i64, OffsetDateTime)> = match written {
        Err(sqlx::Error::Database(error)) if error.constraint() == Some(RECEIPT_KEY_INDEX) => {
            return Ok(CommitOutcome::DuplicateKey);
        }
        written => written?,
    };
    Ok(written.map_or(CommitOutcome::HeadMoved, |(base, time)| {
        CommitOutcome::Committed(CommittedBatch {
            previous_head: base,
            time: time.into(),
            tag: known.tag,
        })
    }))
}

/// The statement of [`append_batch`]. Its parts write only what `head` lets them. They call
/// `unnest` in the list of columns: in `FROM`, Postgres first puts its rows into a table in memory.
const APPEND_BATCH: &str = "WITH head AS (
             UPDATE log.head
                SET position = position + $1,
                    occurred_at = greatest(date_trunc('milliseconds', clock_timestamp()), occurred_at)
              WHERE position = $2 AND tag = $16
                AND NOT EXISTS (
                    SELECT FROM unnest($17::bigint[], $18::text[], $19::text[], $20::bigint[])
                           AS l (stream, aggregate_type, aggregate_id, sequence)
                     WHERE l.sequence IS DISTINCT FROM
                           (SELECT e.sequence FROM log.streams s JOIN log.events e ON e.stream = s.id
                             WHERE s.id = l.stream AND s.aggregate_type = l.aggregate_type
                               AND s.aggregate_id = l.aggregate_id
                             ORDER BY e.sequence DESC LIMIT 1))
             RETURNING position - $1 AS base, occurred_at),
         streams AS (
             INSERT INTO log.streams (id, aggregate_type, aggregate_id)
             SELECT s.id, s.aggregate_type, s.aggregate_id
               FROM head, unnest($3::bigint[], $4::text[], $5::text[]) AS s (id, aggregate_type, aggregate_id)),
         events AS (
             INSERT INTO log.events (position, occurred_at, stream, sequence, message, event_version, event_type, payload,
                                     actor, traceparent)
             SELECT base + generate_series(1, $1), occurred_at, unnest($6::bigint[]), unnest($7::bigint[]),
                    unnest($8::bigint[]), unnest($9::smallint[]), unnest($10::text[]), unnest($12::bytea[]),
                    unnest($21::text[]), unnest($22::text[])
               FROM head),
         receipts AS (
             INSERT INTO log.receipts (key, fingerprint, position, answer)
             SELECT unnest($11::uuid[]), unnest($13::uuid[]), base + unnest($14::bigint[]), unnest($15::bytea[])
               FROM head)
         SELECT base, occurred_at FROM head";

/// The unique index of the receipt keys.
const RECEIPT_KEY_INDEX: &str = "receipts_pkey";

/// Reads the head from its table.
pub(crate) async fn load_head(connection: &mut PgConnection) -> Result<StoredHead, sqlx::Error> {
    let head = sqlx::query_as("SELECT position, tag FROM log.head")
        .fetch_one(connection)
        .await?;
    Ok(to_head(head))
}

/// Reads the head and locks it: no other writer can advance it until the transaction ends.
pub(crate) async fn lock_head(connection: &mut PgConnection) -> Result<StoredHead, sqlx::Error> {
    let head = sqlx::query_as("SELECT position, tag FROM log.head FOR UPDATE")
        .fetch_one(connection)
        .await?;
    Ok(to_head(head))
}

fn to_head((position, tag): (i64, i32)) -> StoredHead {
    StoredHead {
        position,
        tag: EpochTag::from_sql(tag),
    }
}

/// Begins an epoch after the head, which the transaction has locked. It replaces an epoch that no
/// event has been written in.
pub(crate) async fn begin_epoch(
    transaction: &mut PgConnection,
    head: i64,
) -> Result<StoredHead, sqlx::Error> {
    let tag = EpochTag::from_bits(Uuid::new_v4().as_fields().0);
    sqlx::query(
        "WITH begun AS (
             INSERT INTO log.epochs (begins_after, tag) VALUES ($1, $2)
             ON CONFLICT (begins_after) DO UPDATE SET tag = excluded.tag, begun_at = excluded.begun_at)
         UPDATE log.head SET tag = $2",
    )
    .bind(head)
    .bind(tag.to_sql())
    .execute(transaction)
    .await?;
    Ok(StoredHead {
        position: head,
        tag,
    })
}

/// Returns the time of this batch if the event after `known` is its first event and was written in
/// the same epoch. A batch is atomic, so this resolves an unknown outcome.
pub(crate) async fn find_commit_time(
    connection: &mut PgConnection,
    known: StoredHead,
    columns: &BatchColumns<'_>,
) -> Result<Option<Timestamp>, sqlx::Error> {
    let (Some(stream), Some(sequence), Some(payload)) = (
        columns.stream.first(),
        columns.sequence.first(),
        columns.payload.first(),
    ) else {
        return Ok(None);
    };
    let time: Option<OffsetDateTime> = sqlx::query_scalar(
        "SELECT occurred_at FROM log.events
          WHERE position = $1 + 1 AND stream = $2 AND sequence = $3 AND payload = $4
            AND $5 = (SELECT tag FROM log.epochs WHERE begins_after <= $1
                       ORDER BY begins_after DESC LIMIT 1)",
    )
    .bind(known.position)
    .bind(stream)
    .bind(sequence)
    .bind(payload)
    .bind(known.tag.to_sql())
    .fetch_optional(connection)
    .await?;
    Ok(time.map(Timestamp::from))
}

/// The rows of a rehearsal, more than fit into the pages that the tables have: the files must grow.
const REHEARSED_ROWS: i32 = 64;

/// Inserts what an append would. The transaction has locked the head and must be rolled back. The
/// payload is random, so that it is not compressed.
pub(crate) async fn insert_rehearsal(
    transaction: &mut PgConnection,
    head: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "WITH payload AS (
             SELECT n, decode(string_agg(md5(random()::text), ''), 'hex') AS bytes
               FROM generate_series(1, $2) n, generate_series(1, 100) GROUP BY n),
         receipts AS (
             INSERT INTO log.receipts (key, fingerprint, position, answer)
             SELECT gen_random_uuid(), gen_random_uuid(), $1 + n, bytes FROM payload)
         INSERT INTO log.events (position, stream, sequence, occurred_at, event_version, event_type, payload)
         SELECT $1 + n, 0, n, now(), 1, 'rehearsal', bytes FROM payload",
    )
    .bind(head)
    .bind(REHEARSED_ROWS)
    .execute(transaction)
    .await?;
    Ok(())
}

/// Commits a message in the write-ahead log that nobody reads. Like every commit, it waits for the
/// synchronous standby.
pub(crate) async fn commit_nothing(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT pg_logical_emit_message(true, 'tidings', '')")
        .execute(connection)
        .await?;
    Ok(())
}

/// Allocates ids for new streams.
pub(crate) async fn allocate_stream_ids(
    connection: &mut PgConnection,
    count: i64,
) -> Result<Vec<i64>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT nextval(pg_get_serial_sequence('log.streams', 'id')) FROM generate_series(1, $1)",
    )
    .bind(count)
    .fetch_all(connection)
    .await
}
