//! The hits of a search in their current state: their texts come from the read model, which applies
//! the visibility rule again.

use domain::time::Timestamp;
use http_edge::schema::MessageTypeSchema;
use search::index::SearchHit as IndexHit;
use search::{ParsedQuery, find_highlights};
use serde::Serialize;
use sqlx::PgPool;
use sqlx::types::time::OffsetDateTime;
use utoipa::ToSchema;

use super::scope::Searcher;
use crate::error::QueryError;
use crate::page::{MAX_PAGE_BODY_BYTES, PageBudget, bytes_before};
use crate::sql::visibility::is_current_member;
use read_model::can_see;

/// A message that matches a search.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Hit)]
pub struct MessageHit {
    /// The conversation to which it was sent.
    pub conversation_id: String,
    /// Its seq in the conversation.
    pub seq: i64,
    /// The user who sent it.
    pub sender: String,
    /// The type of the message.
    #[serde(rename = "type")]
    #[schema(value_type = MessageTypeSchema)]
    pub kind: String,
    /// When it was sent.
    #[schema(value_type = String, format = DateTime)]
    pub sent_at: Timestamp,
    /// The seq of the root of the thread that it belongs to.
    #[schema(required = true)]
    pub thread: Option<i64>,
    /// The complete text that was searched; for a file, its name.
    pub text: String,
    /// The matching ranges of the text, in ascending order: `[start, end)` in Unicode code points.
    pub highlights: Vec<[usize; 2]>,
    /// The relevance, comparable within one search; 0 with `sort=newest`.
    pub score: f32,
}

/// Binds the conversations, seqs and positions of the hits, the caller, or null for an operator,
/// and the byte budget.
const HITS: &str = concat!(
    "SELECT * FROM (
     SELECT h.nth, c.name AS conversation_id, g.seq, u.name AS sender, g.type, g.sent_at, g.body, g.thread,
            count(*) OVER () AS found, ",
    bytes_before!("octet_length(g.body)", "ORDER BY h.nth"),
    "
     FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) WITH ORDINALITY
          AS h(conversation, seq, position, nth)
     JOIN read.messages g ON g.conversation = h.conversation AND g.seq = h.seq
          AND g.position = h.position AND NOT g.recalled
     JOIN read.conversations c ON c.id = g.conversation
     JOIN read.users u ON u.id = g.sender
     WHERE $4::text IS NULL OR EXISTS (
        SELECT FROM read.users me
        JOIN read.members m ON ",
    is_current_member!("me", "c"),
    "
        WHERE me.name = $4 AND ",
    can_see!("m", "c", "g.seq"),
    ")
     ) x WHERE bytes_before < $5 ORDER BY nth"
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
    thread: Option<i64>,
    /// The number of rows, including those that the statement left out.
    found: i64,
}

/// The hits of a page.
pub(super) struct LoadedHits {
    pub hits: Vec<MessageHit>,
    /// The number of hits that the page covers: those that it contains, and those that are no
    /// longer visible.
    pub covered: usize,
}

/// Loads as many hits as fit on a page, in their order. Messages that have since been recalled or
/// are no longer visible are omitted.
pub(super) async fn load_hits(
    pool: &PgPool,
    searcher: Searcher<'_>,
    query: &ParsedQuery,
    found: &[IndexHit],
) -> Result<LoadedHits, QueryError> {
    let column = |field: fn(&IndexHit) -> u64| -> Vec<i64> {
        let numbers = found.iter().map(field);
        numbers.map(u64::cast_signed).collect()
    };
    let rows: Vec<Row> = sqlx::query_as(HITS)
        .bind(column(|hit| hit.conversation))
        .bind(column(|hit| hit.seq))
        .bind(column(|hit| hit.position))
        .bind(searcher.user())
        .bind(MAX_PAGE_BODY_BYTES)
        .fetch_all(pool)
        .await?;
    let is_cut = rows
        .first()
        .is_some_and(|row| row.found > rows.len() as i64);
    let mut covered = match rows.last() {
        Some(last) if is_cut => index_of(last) + 1,
        _ => found.len(),
    };
    let mut budget = PageBudget::default();
    let mut hits = Vec::with_capacity(rows.len());
    for row in rows {
        let nth = index_of(&row);
        let hit = row.into_hit(query, found.get(nth).map_or(0.0, |hit| hit.score));
        if !budget.admit(&hit) {
            covered = nth;
            break;
        }
        hits.push(hit);
    }
    Ok(LoadedHits { hits, covered })
}

/// The index of the hit of a row.
fn index_of(row: &Row) -> usize {
    usize::try_from(row.nth - 1).unwrap_or_default()
}

impl Row {
    fn into_hit(self, query: &ParsedQuery, score: f32) -> MessageHit {
        let body = self.body.as_deref().unwrap_or_default();
        let text = search::body::searchable_text(&self.kind, body);
        MessageHit {
            conversation_id: self.conversation_id,
            seq: self.seq,
            sender: self.sender,
            kind: self.kind,
            sent_at: self.sent_at.into(),
            thread: self.thread,
            highlights: find_highlights(&text, query.highlight_terms()),
            text,
            score,
        }
    }
}
