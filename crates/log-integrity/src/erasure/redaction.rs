//! Redaction: removes the content from events, and the salts of their digests from the seals, in
//! one transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::conversation::event::ConversationEvent;
use domain::event::EventFamily;
use domain::file::event::FileEvent;
use domain::mailbox::event::MailboxEvent;
use domain::profile::event::ProfileEvent;
use sqlx::{PgConnection, PgPool};

use super::ERASURE_EVENT_TYPES;
use super::affected_event::AffectedEvent;
use super::notes::{self, NotedEvent};
use crate::seal::leaf::SALT_BYTES;
use crate::sealing_lock;

/// How many erasure events are processed at a time.
const BATCH_LIMIT: i64 = 500;

/// An erasure event: see [`ERASURE_EVENT_TYPES`].
#[derive(sqlx::FromRow)]
struct ErasureEvent {
    position: i64,
    stream: i64,
    /// The conversation, the user of the profile, the owner of the mailbox, or the file.
    aggregate_id: String,
    event_type: String,
    /// The seq of the message, or the number of the scheduled or held message; `None` if the event
    /// erases the title of the conversation, what a profile says, the notes of a user, or the name
    /// of a file.
    message: Option<i64>,
}

impl ErasureEvent {
    fn erases_notes(&self) -> bool {
        self.event_type == "notes_erased"
    }

    /// Whether it is about a scheduled or held message.
    fn is_waiting(&self) -> bool {
        ["scheduled_", "held_"]
            .iter()
            .any(|prefix| self.event_type.starts_with(prefix))
    }
}

/// An event after redaction.
struct RedactedEvent {
    position: i64,
    stream: i64,
    erased_by: i64,
    version: i16,
    payload: Vec<u8>,
}

/// Processes the next erasure events. Returns whether there were any.
pub async fn redact_next(pool: &PgPool) -> Result<bool, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    let done: i64 = sqlx::query_scalar("SELECT position FROM log.erasure")
        .fetch_one(&mut *transaction)
        .await?;
    let is_due: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM log.events e WHERE e.position > $1
                        AND e.event_type = ANY($2) AND e.event_type <> 'message_sent')",
    )
    .bind(done)
    .bind(&ERASURE_EVENT_TYPES[..])
    .fetch_one(&mut *transaction)
    .await?;
    if !is_due {
        return Ok(false);
    }
    sealing_lock::acquire_for_transaction(&mut transaction).await?;
    let done: i64 = sqlx::query_scalar("SELECT position FROM log.erasure FOR UPDATE")
        .fetch_one(&mut *transaction)
        .await?;
    let orders = load_erasure_events(&mut transaction, done).await?;
    let Some(last) = orders.last() else {
        return Ok(false);
    };
    let targets = load_affected_events(&mut transaction, &orders).await?;
    let mut left = redact(&orders, &targets);
    left.extend(redact_notes(&mut transaction, &orders).await?);
    // The title of a conversation and the note of a user can be in one event: either way, all is
    // gone.
    left.sort_by_key(|event| event.position);
    left.dedup_by_key(|event| event.position);
    update_events(&mut transaction, &left).await?;
    let positions: Vec<i64> = left.iter().map(|event| event.position).collect();
    clear_salts(&mut transaction, &positions).await?;
    delete_snapshots(&mut transaction, &orders, &left).await?;
    record_erased_events(&mut transaction, &left).await?;
    sqlx::query("UPDATE log.erasure SET position = $1")
        .bind(last.position)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    tracing::info!(
        events = left.len(),
        up_to = last.position,
        "removed the content of erased events"
    );
    Ok(true)
}

/// Opens a connection that blocks redaction and sealing for as long as it lives.
pub async fn block_sealing(pool: &PgPool) -> Result<PgConnection, sqlx::Error> {
    sealing_lock::connect_with_shared_lock(pool).await
}

async fn load_erasure_events(
    connection: &mut PgConnection,
    after: i64,
) -> Result<Vec<ErasureEvent>, sqlx::Error> {
    sqlx::query_as(
        "SELECT e.position, e.stream, e.message, e.event_type, s.aggregate_id
         FROM log.events e JOIN log.streams s ON s.id = e.stream
         WHERE e.position > $1 AND e.event_type = ANY($3) AND e.event_type <> 'message_sent'
         ORDER BY e.position LIMIT $2",
    )
    .bind(after)
    .bind(BATCH_LIMIT)
    .bind(&ERASURE_EVENT_TYPES[..])
    .fetch_all(connection)
    .await
}

/// Loads the events that these erasure events affect, except those that are already redacted.
async fn load_affected_events(
    connection: &mut PgConnection,
    orders: &[ErasureEvent],
) -> Result<Vec<AffectedEvent>, sqlx::Error> {
    let mut seqs: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    let (mut untitled, mut waiting) = (Vec::new(), Vec::new());
    for order in orders {
        match order.message {
            Some(number) if order.is_waiting() => waiting.push((order.stream, number)),
            Some(seq) => seqs.entry(order.stream).or_default().push(seq),
            None if order.erases_notes() => {}
            None => untitled.push(order.stream),
        }
    }
    let mut targets = Vec::new();
    for (stream, seqs) in &seqs {
        targets.extend(load_message_events(connection, *stream, seqs).await?);
    }
    let titles: Vec<AffectedEvent> = sqlx::query_as(
        "SELECT e.position, e.stream, NULL::bigint AS message, e.event_type, e.event_version, e.payload
         FROM log.events e
         WHERE e.stream = ANY($1)
         AND e.event_type IN ('conversation_created', 'conversation_changed', 'conversation_policy_changed',
                              'member_silenced', 'member_banned', 'join_requested', 'profile_changed',
                              'file_reserved', 'session_opened', 'session_noted', 'session_closed', 'session_rated')
         AND NOT EXISTS (SELECT FROM log.erased x WHERE x.position = e.position)",
    )
    .bind(&untitled)
    .fetch_all(&mut *connection)
    .await?;
    targets.extend(titles);
    targets.extend(load_waiting_events(connection, &waiting).await?);
    Ok(targets)
}

/// Loads the events with the content of these scheduled and held messages, named by stream and
/// number.
async fn load_waiting_events(
    connection: &mut PgConnection,
    waiting: &[(i64, i64)],
) -> Result<Vec<AffectedEvent>, sqlx::Error> {
    sqlx::query_as(
        "SELECT e.position, e.stream, e.message, e.event_type, e.event_version, e.payload
         FROM unnest($1::bigint[], $2::bigint[]) AS n(stream, number)
         JOIN log.events e ON e.stream = n.stream AND e.message = n.number
              AND e.event_type <> 'message_sent'
              AND e.event_type IN ('message_scheduled', 'scheduled_message_changed', 'message_held')
         WHERE NOT EXISTS (SELECT FROM log.erased x WHERE x.position = e.position)",
    )
    .bind(
        waiting
            .iter()
            .map(|(stream, _)| *stream)
            .collect::<Vec<_>>(),
    )
    .bind(
        waiting
            .iter()
            .map(|(_, number)| *number)
            .collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await
}

/// Loads the sends and edits of these messages. Every message is an event of its stream, so message
/// n is at sequence n or later, and messages are in order: one scan along the stream finds those of
/// a batch.
async fn load_message_events(
    connection: &mut PgConnection,
    stream: i64,
    seqs: &[i64],
) -> Result<Vec<AffectedEvent>, sqlx::Error> {
    let first = seqs.iter().min().copied().unwrap_or(0);
    let mut targets: Vec<AffectedEvent> = sqlx::query_as(
        "SELECT e.position, e.stream, e.message, e.event_type, e.event_version, e.payload FROM log.events e
         WHERE e.stream = $1 AND e.sequence >= $2 AND e.message = ANY($3) AND e.event_type = 'message_sent'
         ORDER BY e.sequence LIMIT $4",
    )
    .bind(stream)
    .bind(first)
    .bind(seqs)
    .bind(seqs.len() as i64)
    .fetch_all(&mut *connection)
    .await?;
    let edits: Vec<AffectedEvent> = sqlx::query_as(
        "SELECT e.position, e.stream, e.message, e.event_type, e.event_version, e.payload FROM log.events e
         WHERE e.stream = $1 AND e.message = ANY($2) AND e.event_type = 'message_edited'",
    )
    .bind(stream)
    .bind(seqs)
    .fetch_all(&mut *connection)
    .await?;
    targets.extend(edits);
    let positions: Vec<i64> = targets.iter().map(|target| target.position).collect();
    let gone: Vec<i64> =
        sqlx::query_scalar("SELECT x.position FROM log.erased x WHERE x.position = ANY($1)")
            .bind(&positions)
            .fetch_all(connection)
            .await?;
    targets.retain(|target| !gone.contains(&target.position));
    Ok(targets)
}

/// Redacts the affected events. An event that cannot be decoded becomes an empty object.
fn redact(orders: &[ErasureEvent], targets: &[AffectedEvent]) -> Vec<RedactedEvent> {
    let by: HashMap<(i64, Option<i64>), i64> = orders
        .iter()
        .map(|order| ((order.stream, order.message), order.position))
        .collect();
    let left = |target: &AffectedEvent| {
        let by = *by.get(&(target.stream, target.message))?;
        // What was set after the erasure stays. (An erased message cannot be edited.)
        if target.position > by {
            return None;
        }
        let data = remove_content(target);
        let (version, payload) = data.unwrap_or((target.event_version, b"{}".to_vec()));
        Some(RedactedEvent {
            position: target.position,
            stream: target.stream,
            erased_by: by,
            version,
            payload,
        })
    };
    targets.iter().filter_map(left).collect()
}

/// Removes the notes of users from the events before the one that erases them.
async fn redact_notes(
    connection: &mut PgConnection,
    orders: &[ErasureEvent],
) -> Result<Vec<RedactedEvent>, sqlx::Error> {
    let orders: Vec<&ErasureEvent> = orders.iter().filter(|order| order.erases_notes()).collect();
    let Some(last) = orders.last() else {
        return Ok(Vec::new());
    };
    let users: Vec<&str> = orders
        .iter()
        .map(|order| order.aggregate_id.as_str())
        .collect();
    let noted = notes::load_events(connection, &users, last.position).await?;
    let left = noted
        .into_iter()
        .filter_map(|NotedEvent { event, note, .. }| {
            let mut later = orders.iter();
            let by = later.find(|order| {
                order.aggregate_id == note.author() && order.position > event.position
            })?;
            Some(RedactedEvent {
                position: event.position,
                stream: event.stream,
                erased_by: by.position,
                version: event.event_version,
                payload: note.into_erased_data(),
            })
        });
    Ok(left.collect())
}

/// The version and the data of an event without its content; `None` if it cannot be decoded.
fn remove_content(target: &AffectedEvent) -> Option<(i16, Vec<u8>)> {
    encode_without_content::<ConversationEvent>(target, ConversationEvent::without_content)
        .or_else(|| encode_without_content::<MailboxEvent>(target, MailboxEvent::without_content))
        .or_else(|| encode_without_content::<ProfileEvent>(target, ProfileEvent::without_content))
        .or_else(|| encode_without_content::<FileEvent>(target, FileEvent::without_content))
}

/// The same for an event of this family. `None` if it belongs to another one.
fn encode_without_content<E: EventFamily>(
    target: &AffectedEvent,
    without_content: fn(E) -> Option<E>,
) -> Option<(i16, Vec<u8>)> {
    let event = E::decode(&target.event_type, target.event_version, &target.payload).ok()?;
    let event = without_content(event)?;
    let data = event.encode().ok()?;
    Some((event.version(), data.get().as_bytes().to_vec()))
}

async fn update_events(
    connection: &mut PgConnection,
    left: &[RedactedEvent],
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE log.events e SET payload = n.payload, event_version = n.version
         FROM unnest($1::bigint[], $2::smallint[], $3::bytea[]) AS n(position, version, payload)
         WHERE e.position = n.position",
    )
    .bind(left.iter().map(|event| event.position).collect::<Vec<_>>())
    .bind(left.iter().map(|event| event.version).collect::<Vec<_>>())
    .bind(
        left.iter()
            .map(|event| event.payload.as_slice())
            .collect::<Vec<_>>(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn clear_salts(connection: &mut PgConnection, positions: &[i64]) -> Result<(), sqlx::Error> {
    let sealed: Vec<(i64, i64, i64)> = sqlx::query_as(
        "SELECT p.position, s.number, s.first FROM unnest($1::bigint[]) AS p(position)
         CROSS JOIN LATERAL (SELECT s.number, s.first FROM log.seals s WHERE s.last >= p.position
                             ORDER BY s.last LIMIT 1) s
         WHERE s.first <= p.position",
    )
    .bind(positions)
    .fetch_all(&mut *connection)
    .await?;
    let mut of_seal: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for (position, number, first) in sealed {
        of_seal.entry(number).or_default().push(position - first);
    }
    for (number, indexes) in of_seal {
        let mut salts: Vec<u8> =
            sqlx::query_scalar("SELECT salts FROM log.seals WHERE number = $1 FOR UPDATE")
                .bind(number)
                .fetch_one(&mut *connection)
                .await?;
        for index in indexes {
            let at = usize::try_from(index)
                .unwrap_or(usize::MAX)
                .saturating_mul(SALT_BYTES);
            if let Some(salt) = salts.get_mut(at..at.saturating_add(SALT_BYTES)) {
                salt.fill(0);
            }
        }
        sqlx::query("UPDATE log.seals SET salts = $2 WHERE number = $1")
            .bind(number)
            .bind(salts)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Deletes the snapshots of the affected aggregates: they contain titles and digests of texts. New
/// ones are written when due.
async fn delete_snapshots(
    connection: &mut PgConnection,
    orders: &[ErasureEvent],
    left: &[RedactedEvent],
) -> Result<(), sqlx::Error> {
    let streams = orders.iter().map(|order| order.stream);
    let streams: BTreeSet<i64> = streams
        .chain(left.iter().map(|event| event.stream))
        .collect();
    sqlx::query(
        "DELETE FROM log.snapshots n USING log.streams s
         WHERE s.id = ANY($1) AND n.aggregate_type = s.aggregate_type AND n.aggregate_id = s.aggregate_id",
    )
    .bind(Vec::from_iter(streams))
    .execute(connection)
    .await?;
    Ok(())
}

async fn record_erased_events(
    connection: &mut PgConnection,
    left: &[RedactedEvent],
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO log.erased (position, by) SELECT * FROM unnest($1::bigint[], $2::bigint[])
         ON CONFLICT DO NOTHING",
    )
    .bind(left.iter().map(|event| event.position).collect::<Vec<_>>())
    .bind(left.iter().map(|event| event.erased_by).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}
