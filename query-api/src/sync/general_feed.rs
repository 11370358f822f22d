//! The statement that reads any page of the feed.

use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};

use crate::error::QueryError;
use crate::page::bytes_before;
use crate::sql::entry_view::{FeedEntry, entry_columns, entry_parts};
use crate::sql::visibility::{caller_id, visible_entries};
use crate::sync::feed_page::FeedStart;
use crate::sync::feed_scan::{ScanRange, ScanResult};

/// Reads this part of the feed.
pub async fn scan(
    pool: &PgPool,
    user: &str,
    start: FeedStart<'_>,
    range: ScanRange,
) -> Result<ScanResult, QueryError> {
    let (after, device) = match start {
        FeedStart::After(after) => (Some(after), None),
        FeedStart::Device(device) => (None, Some(device.as_str())),
    };
    let rows = sqlx::query(FEED)
        .bind(user)
        .bind(after)
        .bind(device)
        .bind(range.max_rows)
        .bind(range.max_entries)
        .bind(range.up_to)
        .bind(range.max_bytes)
        .fetch_all(pool)
        .await?;
    parse_rows(&rows, user)
}

fn parse_rows(rows: &[PgRow], user: &str) -> Result<ScanResult, QueryError> {
    // The checkpoint table has one row, so there is always a first row.
    let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let found: Option<i64> = first.try_get("found")?;
    let mut entries = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some(entry) = FeedEntry::from_row(row)? {
            entries.push(entry.into_recipient_form(user)?);
        }
    }
    Ok(ScanResult {
        position: first.try_get("read_position")?,
        floor: first.try_get("floor")?,
        after: first.try_get("after")?,
        rows_scanned: first.try_get("scanned")?,
        scanned_to: first.try_get("scanned_to")?,
        found: usize::try_from(found.unwrap_or(0)).unwrap_or_default(),
        entries,
    })
}
/// Reads one page in one statement. Binds the user, the cursor or null, the device whose cursor
/// applies if it is null, the number of rows to merge, the number of entries to return, the last
/// position to read, and the byte budget.
///
/// - `large`: the membership periods of the user in conversations with entries that were not fanned
///   out.
/// - `scanned`: the merged rows, by position.
/// - `visible`: the rows that the user can see: every entry of the user's conversations whose
///   message is visible, and of former conversations only the own removal.
const FEED: &str = concat!(
    "WITH me AS (SELECT u.id FROM read.users u WHERE u.name = $1),
    start AS (
        SELECT k.position, k.floor,
               coalesce($2, (SELECT d.cursor FROM read.devices d
                             WHERE d.user_id = (SELECT id FROM me) AND d.device = $3), 0) AS after
        FROM read.checkpoint k
    ), large AS MATERIALIZED (
        SELECT s.conversation, greatest(s.from_position - 1, k.after) AS after,
               least(coalesce(s.to_position, k.position), $6) AS until
        FROM start k CROSS JOIN me
        JOIN read.members m ON m.user_id = me.id AND m.present
        JOIN read.conversations c ON c.id = m.conversation AND c.unfanned > k.after
        JOIN read.stays s ON s.conversation = m.conversation AND s.user_id = m.user_id
        WHERE coalesce(s.to_position, k.position) > k.after
    ), scanned AS MATERIALIZED (
        SELECT f.position, f.conversation, f.seq FROM (
            (SELECT i.position, i.conversation, i.seq FROM read.inbox i
             WHERE i.user_id = (SELECT id FROM me) AND i.position > (SELECT after FROM start)
               AND i.position <= $6
             ORDER BY i.position, i.conversation LIMIT $4)
            UNION ALL
            SELECT x.position, l.conversation, x.seq
            FROM large l CROSS JOIN LATERAL (
                SELECT g.position, g.seq FROM read.messages g
                WHERE g.conversation = l.conversation AND NOT g.fanned
                  AND g.position > l.after AND g.position <= l.until
                ORDER BY g.position LIMIT $4) x
            UNION ALL
            SELECT x.position, l.conversation, NULL
            FROM large l CROSS JOIN LATERAL (
                SELECT t.position FROM read.timeline t
                WHERE t.conversation = l.conversation AND NOT t.fanned
                  AND t.position > l.after AND t.position <= l.until
                ORDER BY t.position LIMIT $4) x
            UNION ALL
            SELECT s.to_position, s.conversation, NULL
            FROM start k CROSS JOIN me
            JOIN read.members m ON m.user_id = me.id AND NOT m.present
            JOIN read.conversations c ON c.id = m.conversation AND c.unfanned > k.after
            JOIN read.stays s ON s.conversation = m.conversation AND s.user_id = m.user_id
                AND s.to_position > k.after AND s.to_position <= $6
            JOIN read.timeline t ON t.conversation = s.conversation AND t.position = s.to_position
                AND NOT t.fanned
        ) f ORDER BY f.position, f.conversation LIMIT $4
    ), visible AS MATERIALIZED (
        SELECT ",
    entry_parts!(),
    ", t.subject = m.user_id AS has_subject
        FROM scanned r
        ",
    visible_entries!("(SELECT id FROM me)"),
    "
        ORDER BY r.position, r.conversation LIMIT $5
    )
    SELECT k.position AS read_position, k.floor, k.after,
           (SELECT count(*) FROM scanned) AS scanned,
           (SELECT max(position) FROM scanned) AS scanned_to, v.found,
           ",
    entry_columns!(caller_id!()),
    "
    FROM start k LEFT JOIN (
        SELECT v.*, count(*) OVER () AS found, ",
    bytes_before!(
        "coalesce(octet_length(v.data), v.body_bytes, 0)",
        "ORDER BY v.position, v.conversation"
    ),
    " FROM (SELECT v.*, (SELECT octet_length(g.body) FROM read.messages g
                          WHERE g.conversation = v.conversation AND g.seq = v.message) AS body_bytes
                FROM visible v) v
    ) v ON v.bytes_before < $7
    LEFT JOIN read.messages g ON g.conversation = v.conversation AND g.seq = v.message
    ORDER BY v.position, v.conversation"
);
