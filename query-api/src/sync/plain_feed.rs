//! The statement that reads a page of a plain feed: all entries are inbox rows of conversations
//! that the user is in, and there is nothing special about any of them. It costs a third of the
//! statement for all pages, which sets up many parts that such a page does not need.
//!
//! Each row says whether it is plain, in the snapshot that it was read from. If one is not, the
//! result is dropped. Postgres cannot see the values of parameters inside a `SELECT` of their own,
//! so that it plans the statement once and not for each page.

use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};

use crate::error::QueryError;
use crate::sql::entry_view::FeedEntry;
use crate::sql::message_reactions::reactions_json;
use crate::sql::plain_message::plain_message_columns;
use crate::sync::feed_scan::{ScanRange, ScanResult};

/// Reads a part of the feed that starts after a position. `None` if it is not plain.
pub async fn scan(
    pool: &PgPool,
    user: &str,
    after: i64,
    range: ScanRange,
) -> Result<Option<ScanResult>, QueryError> {
    let rows = sqlx::query(PLAIN_FEED)
        .bind(user)
        .bind(after)
        .bind(range.max_rows)
        .bind(range.max_entries)
        .bind(range.max_bytes / range.max_entries)
        .fetch_all(pool)
        .await?;
    parse_rows(&rows, user, after, range)
}

fn parse_rows(
    rows: &[PgRow],
    user: &str,
    after: i64,
    range: ScanRange,
) -> Result<Option<ScanResult>, QueryError> {
    let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    if first.try_get("has_large")? {
        return Ok(None);
    }
    let mut entries = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(conversation) = row.try_get::<Option<i64>, _>("conversation")? else {
            continue;
        };
        if !row.try_get::<bool, _>("is_plain")? {
            return Ok(None);
        }
        if let Some(entry) = FeedEntry::from_row(row)? {
            entries.push((conversation, entry.into_recipient_form(user)?));
        }
    }
    entries.sort_by_key(|(conversation, entry)| (entry.position, *conversation));
    let entries: Vec<FeedEntry> = entries.into_iter().map(|(_, entry)| entry).collect();
    let found = entries.len();
    let scanned_to = if range.max_rows > range.max_entries {
        first.try_get("scanned_to")?
    } else {
        let last = entries.last().filter(|_| found as i64 == range.max_rows);
        last.map(|entry| entry.position)
    };
    Ok(Some(ScanResult {
        position: first.try_get("read_position")?,
        floor: first.try_get("floor")?,
        after,
        rows_scanned: scanned_to.map_or(found as i64, |_| range.max_rows),
        scanned_to,
        found,
        entries,
    }))
}

/// Reads one page. Binds the user, the cursor, the number of rows that the statement for all pages
/// merges, the number of entries to return, and the size up to which a body is plain. That is the
/// part of the byte budget of each entry, so that plain entries never exceed it together.
///
/// - `has_large`: the user was in a conversation with later entries that were not fanned out.
/// - `scanned_to`: the position of the last row that the statement for all pages merges; null if
///   there are fewer.
/// - `is_plain`: the user is in the conversation and sees the message by the membership alone; the
///   entry has nothing that only the user gets; its body is small; its message has no thread.
const PLAIN_FEED: &str = concat!(
    "SELECT k.position AS read_position, k.floor, k.has_large, k.scanned_to, r.conversation,
        r.position AS entry_position, t.type AS entry_type, t.at AS entry_at,
        CASE WHEN octet_length(t.data) <= $5 THEN t.data END AS entry_data,
        g.client_message_id AS author_key, NULL::text AS joined_conversation,
        coalesce(
            CASE WHEN r.conversation < 0 THEN r.conversation = -k.id
                 ELSE m.present AND (
                     r.seq IS NULL AND t.seq IS NULL
                     OR coalesce(r.seq, t.seq) > greatest(
                            m.cleared_seq, CASE WHEN c.history <> 'all' THEN m.joined_seq END)) END
            AND CASE WHEN t.data IS NULL
                     THEN g.seq IS NOT NULL AND coalesce(octet_length(g.body), 0) <= $5
                     ELSE octet_length(t.data) <= $5
                          AND t.type NOT IN ('invited', 'join_requested')
                          AND NOT (t.type = 'member_added' AND t.subject = k.id) END
            AND (r.seq IS NULL OR NOT EXISTS (
                SELECT FROM read.messages x
                WHERE x.conversation = r.conversation AND x.thread = r.seq)),
            false) AS is_plain, ",
    plain_message_columns!("c.name", reactions_json!("k.id"), "k.id", "$5"),
    "
    FROM (
        SELECT k.position, k.floor, me.id,
               EXISTS (SELECT FROM read.conversations x WHERE x.unfanned > 0 AND x.unfanned > $2)
               AND EXISTS (SELECT FROM read.stays s
                           JOIN read.conversations x ON x.id = s.conversation AND x.unfanned > $2
                           WHERE s.user_id = me.id) AS has_large,
               CASE WHEN $3 > $4
                    THEN (SELECT i.position FROM read.inbox i
                          WHERE i.user_id = me.id AND i.position > (SELECT $2)
                          ORDER BY i.position, i.conversation LIMIT 1 OFFSET $3 - 1) END AS scanned_to
        FROM read.checkpoint k LEFT JOIN read.users me ON me.name = $1 OFFSET 0
    ) k
    LEFT JOIN LATERAL (
        SELECT i.position, i.conversation, i.seq FROM read.inbox i
        WHERE NOT k.has_large AND i.user_id = k.id AND i.position > (SELECT $2)
        ORDER BY i.position, i.conversation LIMIT (SELECT $4)
    ) r ON true
    LEFT JOIN read.conversations c ON c.id = r.conversation
    LEFT JOIN read.members m ON m.conversation = r.conversation AND m.user_id = k.id
    LEFT JOIN read.timeline t
        ON t.conversation = r.conversation
        AND t.position = CASE WHEN r.seq IS NULL THEN r.position END
    LEFT JOIN read.messages g
        ON g.conversation = r.conversation
        AND g.seq = coalesce(r.seq, CASE WHEN t.data IS NULL THEN t.seq END)
    LEFT JOIN read.users sender ON sender.id = g.sender"
);
