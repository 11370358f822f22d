//! What was found, as it is now: texts come from the read models, under the visibility rule once more.

use domain::time::Timestamp;
use search::index::Hit as Found;
use search::{Query, highlights};
use serde::Serialize;
use sqlx::PgPool;
use sqlx::types::time::OffsetDateTime;
use utoipa::ToSchema;

use super::scope::Who;
use crate::docs::MessageType;
use crate::failed::Failed;
use read_model::sees;

/// A message that was found.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Hit {
    /// Where it was sent.
    pub conversation_id: String,
    /// Its number there.
    pub seq: i64,
    /// Who sent it.
    pub sender: String,
    /// What kind of message.
    #[serde(rename = "type")]
    #[schema(value_type = MessageType)]
    pub kind: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub sent_at: Timestamp,
    /// The whole text that was searched; of a file, its name.
    pub text: String,
    /// Where the text has what was asked for: `[start, end)` in Unicode code points, rising.
    pub highlights: Vec<[usize; 2]>,
    /// How relevant it is; comparable within one search. 0 with `sort=newest`.
    pub score: f32,
}

/// Binds conversations, seqs and positions of what was found, and the caller, or null for everybody.
const HITS: &str =
    concat!(
    "SELECT h.nth, c.name AS conversation_id, g.seq, u.name AS sender, g.type, g.sent_at, g.body
     FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) WITH ORDINALITY
          AS h(conversation, seq, position, nth)
     JOIN read.messages g ON g.conversation = h.conversation AND g.seq = h.seq
          AND g.position = h.position AND NOT g.recalled
     JOIN read.conversations c ON c.id = g.conversation
     JOIN read.users u ON u.id = g.sender
     WHERE $4::text IS NULL OR EXISTS (
        SELECT FROM read.users me
        JOIN read.members m ON m.conversation = c.id AND m.user_id = me.id AND m.present
        WHERE me.name = $4 AND ", sees!("m", "c", "g.seq"), ")
     ORDER BY h.nth"
);

#[derive(sqlx::FromRow)]
struct Row {
    nth: i64,
    conversation_id: String,
    seq: i64,
    sender: String,
    #[sqlx(rename = "type")]
    kind: String,
    sent_at: OffsetDateTime,
    body: Option<String>,
}

/// What was found, in its order. What has been recalled meanwhile, or is not visible any more, is left
/// out.
pub(super) async fn load(
    pool: &PgPool,
    who: Who<'_>,
    query: &Query,
    found: &[Found],
) -> Result<Vec<Hit>, Failed> {
    let column = |of: fn(&Found) -> u64| -> Vec<i64> {
        let numbers = found.iter().map(of);
        numbers.map(u64::cast_signed).collect()
    };
    let rows: Vec<Row> = sqlx::query_as(HITS)
        .bind(column(|hit| hit.conversation))
        .bind(column(|hit| hit.seq))
        .bind(column(|hit| hit.position))
        .bind(who.user())
        .fetch_all(pool)
        .await?;
    let hits = rows.into_iter().map(|row| {
        let text = search::body::text(&row.kind, row.body.as_deref().unwrap_or_default());
        let nth = usize::try_from(row.nth - 1).unwrap_or_default();
        Hit {
            conversation_id: row.conversation_id,
            seq: row.seq,
            sender: row.sender,
            kind: row.kind,
            sent_at: row.sent_at.into(),
            highlights: highlights(&text, query.needles()),
            text,
            score: found.get(nth).map_or(0.0, |hit| hit.score),
        }
    });
    Ok(hits.collect())
}
