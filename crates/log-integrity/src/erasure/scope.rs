//! The scope of an erasure request: which messages it covers. Read from the log, so that it
//! includes messages that the read models do not have yet.

use domain::body::MessageType;
use domain::conversation::event::ConversationEvent;
use domain::event::EventFamily as _;
use domain::ids::FileId;
use domain::texts::Avatar;
use sqlx::PgPool;

use event_log::user_filter;

/// A message that still has its content.
struct ErasureCandidate {
    seq: i64,
    sender: String,
}

/// Finds the ids of all conversations to which this user has ever sent a message, in id order.
/// Scans the whole log.
pub async fn find_conversations_of(pool: &PgPool, user: &str) -> Result<Vec<String>, sqlx::Error> {
    // A body that contains the same text matches too; `find_messages` checks the sender later.
    sqlx::query_scalar(
        "SELECT DISTINCT s.aggregate_id FROM log.events e JOIN log.streams s ON s.id = e.stream
         WHERE e.event_type = 'message_sent' AND position($1 IN e.payload) > 0 ORDER BY 1",
    )
    .bind(encode_sender_field(user))
    .fetch_all(pool)
    .await
}

/// Finds the messages of a conversation that still have their content, of one sender or of all.
/// Returns their seqs after `after`, in order, at most `limit`, and the seq to continue after, if
/// there may be more.
pub async fn find_messages(
    pool: &PgPool,
    conversation: &str,
    sender: Option<&str>,
    after: i64,
    limit: i64,
) -> Result<(Vec<i64>, Option<i64>), sqlx::Error> {
    // A message's seq is at most its sequence, so the filter on `sequence` skips what was read
    // before.
    let rows: Vec<(i64, String, i16, Vec<u8>)> = sqlx::query_as(
        "SELECT e.message, e.event_type, e.event_version, e.payload
         FROM log.events e JOIN log.streams s ON s.id = e.stream
         WHERE s.aggregate_type = 'conversation' AND s.aggregate_id = $1
         AND e.event_type = 'message_sent' AND e.sequence > $2 AND e.message > $2
         AND ($3::bytea IS NULL OR position($3 IN e.payload) > 0)
         AND NOT EXISTS (SELECT FROM log.events x WHERE x.stream = e.stream AND x.message = e.message
                         AND x.event_type = 'message_erased')
         ORDER BY e.sequence LIMIT $4",
    )
    .bind(conversation)
    .bind(after)
    .bind(sender.map(encode_sender_field))
    .bind(limit)
    .fetch_all(pool)
    .await?;
    let more = if rows.len() as i64 == limit {
        rows.last().map(|(seq, ..)| *seq)
    } else {
        None
    };
    let candidates = rows
        .into_iter()
        .filter_map(|(seq, event_type, version, payload)| {
            match ConversationEvent::decode(&event_type, version, &payload) {
                Ok(ConversationEvent::MessageSent(sent)) => Some(ErasureCandidate {
                    seq,
                    sender: sent.sender.to_string(),
                }),
                _ => None,
            }
        });
    let found = candidates.filter(|message| sender.is_none_or(|sender| message.sender == sender));
    Ok((found.map(|message| message.seq).collect(), more))
}

/// Finds the files that these messages of a conversation use or used, also before an edit.
pub async fn find_files(
    pool: &PgPool,
    conversation: &str,
    seqs: &[i64],
) -> Result<Vec<FileId>, sqlx::Error> {
    let rows: Vec<(String, i16, Vec<u8>)> = sqlx::query_as(
        "SELECT e.event_type, e.event_version, e.payload
         FROM log.events e JOIN log.streams s ON s.id = e.stream
         WHERE s.aggregate_type = 'conversation' AND s.aggregate_id = $1
         AND e.event_type IN ('message_sent', 'message_edited') AND e.message = ANY($2)
         AND e.sequence >= $3 AND position($4 IN e.payload) > 0",
    )
    .bind(conversation)
    .bind(seqs)
    .bind(seqs.iter().min().copied().unwrap_or_default())
    .bind(b"\"file\":".as_slice())
    .fetch_all(pool)
    .await?;
    let bodies = rows
        .into_iter()
        .filter_map(|(event_type, version, payload)| {
            match ConversationEvent::decode(&event_type, version, &payload).ok()? {
                ConversationEvent::MessageSent(sent) => sent.body.file(sent.kind),
                ConversationEvent::MessageEdited(edited) => edited.body.file(MessageType::File),
                _ => None,
            }
        });
    Ok(bodies.collect())
}

/// Finds the files that are or were the avatar of a conversation.
pub async fn find_avatars(pool: &PgPool, conversation: &str) -> Result<Vec<FileId>, sqlx::Error> {
    let rows: Vec<(String, i16, Vec<u8>)> = sqlx::query_as(
        "SELECT e.event_type, e.event_version, e.payload
         FROM log.events e JOIN log.streams s ON s.id = e.stream
         WHERE s.aggregate_type = 'conversation' AND s.aggregate_id = $1
         AND e.event_type = 'conversation_policy_changed' AND position($2 IN e.payload) > 0",
    )
    .bind(conversation)
    .bind(b"\"avatar\":\"".as_slice())
    .fetch_all(pool)
    .await?;
    let avatars = rows
        .into_iter()
        .filter_map(|(event_type, version, payload)| {
            match ConversationEvent::decode(&event_type, version, &payload).ok()? {
                ConversationEvent::ConversationPolicyChanged(changed) => {
                    changed.policy.avatar.as_ref().and_then(Avatar::file)
                }
                _ => None,
            }
        });
    Ok(avatars.collect())
}

/// Finds the scheduled messages to a conversation that were neither sent nor cancelled, by owner
/// and number.
pub async fn find_scheduled(
    pool: &PgPool,
    conversation: &str,
) -> Result<Vec<(String, i64)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT s.aggregate_id, e.message FROM log.events e JOIN log.streams s ON s.id = e.stream
         WHERE e.event_type = 'message_scheduled' AND e.event_type <> 'message_sent'
         AND s.aggregate_type = 'mailbox' AND position($1 IN e.payload) > 0
         AND NOT EXISTS (SELECT FROM log.events x WHERE x.stream = e.stream AND x.message = e.message
                         AND x.event_type IN ('scheduled_message_sent', 'scheduled_message_cancelled')
                         AND x.event_type <> 'message_sent')
         ORDER BY s.aggregate_id, e.message",
    )
    .bind(
        [
            b"\"conversation\":".as_slice(),
            &user_filter::to_json_literal(conversation),
        ]
        .concat(),
    )
    .fetch_all(pool)
    .await
}

/// Finds the users with held messages to a conversation on which nobody has decided yet.
pub async fn find_held_senders(
    pool: &PgPool,
    conversation: &str,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT DISTINCT s.aggregate_id FROM log.events e JOIN log.streams s ON s.id = e.stream
         WHERE e.event_type = 'message_held' AND e.event_type <> 'message_sent'
         AND s.aggregate_type = 'mailbox' AND position($1 IN e.payload) > 0
         AND NOT EXISTS (SELECT FROM log.events x WHERE x.stream = e.stream AND x.message = e.message
                         AND x.event_type IN ('held_message_released', 'held_message_refused')
                         AND x.event_type <> 'message_sent')
         ORDER BY s.aggregate_id",
    )
    .bind(
        [
            b"\"conversation\":".as_slice(),
            &user_filter::to_json_literal(conversation),
        ]
        .concat(),
    )
    .fetch_all(pool)
    .await
}

/// The text that the payload of every message of this sender contains.
fn encode_sender_field(user: &str) -> Vec<u8> {
    [
        b"\"sender\":".as_slice(),
        &user_filter::to_json_literal(user),
    ]
    .concat()
}
