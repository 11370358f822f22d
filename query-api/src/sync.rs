//! The sync feed: what happened to a user since a cursor, page by page, oldest first.
//!
//! A page merges two sources by position: the user's own small inbox rows (fan-out on write), and,
//! for conversations too large to fan out, their messages and timeline within the user's membership
//! periods (fan-out on read). Entries that the user can no longer see are then dropped, and the
//! rest is joined with the messages in their current state.
//!
//! The cursor is a position, and several conversations can have an entry at the same position. A
//! page therefore never ends in the middle of a position, even if it exceeds its size.

use domain::ids::DeviceId;
use event_log::reader::LogReader;
use http_edge::Problem;
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};

use crate::error::QueryError;
use crate::page::{PageBudget, bytes_before};
use crate::sql::entry_view::{FeedEntry, entry_columns, entry_parts};
use crate::sql::visibility::{caller_id, visible_entries};

/// The minimum number of rows that one statement merges. It lets a small page skip invisible
/// entries without a round trip for each. Reading the rows is most of the cost of a small page.
const MIN_SCAN_ROWS: i64 = 64;

/// The maximum number of statements for one page. More than one is needed only where whole pages
/// are invisible, which happens after the user has left a busy conversation.
const MAX_ROUNDS: usize = 16;

/// Where a page starts.
#[derive(Debug, Clone, Copy)]
pub enum FeedStart<'a> {
    /// After this position.
    After(i64),
    /// After the cursor that this device has acknowledged, or 0 if it has not acknowledged any.
    Device(&'a DeviceId),
}

/// A page of the feed.
#[derive(Debug)]
pub struct FeedPage {
    /// The entries, ordered by (position, conversation).
    pub entries: Vec<FeedEntry>,
    /// The position after which the next page starts.
    pub cursor: i64,
    /// Whether the feed continues after the cursor, in this snapshot. If it continues only with
    /// invisible entries, the next page is empty.
    pub has_more: bool,
}

/// The outcome of reading a page.
#[derive(Debug)]
pub enum SyncOutcome {
    /// A page.
    Page(FeedPage),
    /// The cursor is ahead of the read model, which will reach it.
    Ahead {
        /// The cursor.
        after: i64,
    },
    /// The cursor cannot be resumed: `410 cursor_expired` or `410 cursor_ahead`.
    InvalidCursor(Box<Problem>),
}

/// The maximum size of a page.
#[derive(Debug, Clone, Copy)]
pub struct FeedPageSize {
    /// The maximum number of entries.
    pub entries: i64,
    /// The maximum size of the entries as JSON, in bytes.
    pub bytes: usize,
}

/// Reads a page of at most this size, or a larger one if a single position is larger. Also returns
/// the position of the read model in that snapshot. `reader` reads the head of the log, for a
/// cursor that is ahead of the read model.
pub async fn read_page(
    pool: &PgPool,
    reader: &LogReader,
    user: &str,
    start: FeedStart<'_>,
    size: FeedPageSize,
) -> Result<(i64, SyncOutcome), QueryError> {
    let mut start = start;
    let mut round = 1;
    loop {
        let scan = ScanRange::for_page(size);
        let found = scan.execute(pool, user, start).await?;
        let position = found.position;
        if found.after < found.floor {
            let problem = cursor_expired(found.floor);
            return Ok((position, SyncOutcome::InvalidCursor(Box::new(problem))));
        }
        if found.after > position {
            return Ok((position, check_ahead(reader, found.after).await?));
        }
        let (position, page) = match found.into_page_end(size, scan.max_rows) {
            PageEnd::Page(page) => (position, page),
            PageEnd::OversizedPosition(at) => {
                let found = ScanRange::at_position(at)
                    .execute(pool, user, FeedStart::After(at - 1))
                    .await?;
                (found.position, found.into_position_page(at))
            }
        };
        if !page.entries.is_empty() || !page.has_more || round == MAX_ROUNDS {
            return Ok((position, SyncOutcome::Page(page)));
        }
        start = FeedStart::After(page.cursor);
        round += 1;
    }
}

/// Decides about a cursor that is ahead of the read model. If it is ahead of the log as well, it
/// comes from another log.
async fn check_ahead(reader: &LogReader, after: i64) -> Result<SyncOutcome, QueryError> {
    let head = reader.head().await?.position;
    Ok(if after > head {
        SyncOutcome::InvalidCursor(Box::new(cursor_ahead(head)))
    } else {
        SyncOutcome::Ahead { after }
    })
}

/// The problem `410 cursor_expired`: entries after this cursor have been deleted.
fn cursor_expired(oldest: i64) -> Problem {
    Problem::gone(
        "cursor_expired",
        "The entries after this cursor have been deleted. Call GET /v1/inbox, resume from its \
         Tidings-Cursor, and page through the history as needed.",
    )
    .with_member("oldest", oldest)
}

/// The problem `410 cursor_ahead`: the cursor is beyond the head of the log.
fn cursor_ahead(head: i64) -> Problem {
    Problem::gone(
        "cursor_ahead",
        "The cursor is beyond the end of the log: it was mistyped, or the log was restored from a \
         backup. Call GET /v1/inbox and resume from its Tidings-Cursor.",
    )
    .with_member("head", head)
}

/// The part of the feed that one statement reads.
#[derive(Debug, Clone, Copy)]
struct ScanRange {
    /// The maximum number of rows of each source, and of their merge.
    max_rows: i64,
    /// The maximum number of entries: one more than the page shows.
    max_entries: i64,
    /// Entries that follow this many bytes are left out.
    max_bytes: i64,
    /// The last position to read.
    up_to: i64,
}

/// The result of one statement.
#[derive(Debug)]
struct ScanResult {
    /// The position of the read model.
    position: i64,
    /// Entries up to this position have been deleted.
    floor: i64,
    /// The position after which the scan started.
    after: i64,
    /// The number of merged rows, and the position of the last one.
    rows_scanned: i64,
    scanned_to: Option<i64>,
    /// The number of entries, including those that were left out.
    found: usize,
    entries: Vec<FeedEntry>,
}

/// Where a page ends.
#[derive(Debug)]
enum PageEnd {
    Page(FeedPage),
    /// This position alone has more entries than a page; it is returned whole.
    OversizedPosition(i64),
}

impl ScanRange {
    fn for_page(size: FeedPageSize) -> Self {
        let max_entries = size.entries.saturating_add(1);
        Self {
            max_rows: max_entries.max(MIN_SCAN_ROWS),
            max_entries,
            max_bytes: i64::try_from(size.bytes).unwrap_or(i64::MAX),
            up_to: i64::MAX,
        }
    }

    /// Reads everything at one position: at most one row for each of the user's conversations.
    fn at_position(position: i64) -> Self {
        Self {
            max_rows: i64::MAX,
            max_entries: i64::MAX,
            max_bytes: i64::MAX,
            up_to: position,
        }
    }

    async fn execute(
        self,
        pool: &PgPool,
        user: &str,
        start: FeedStart<'_>,
    ) -> Result<ScanResult, QueryError> {
        let (after, device) = match start {
            FeedStart::After(after) => (Some(after), None),
            FeedStart::Device(device) => (None, Some(device.as_str())),
        };
        let rows = sqlx::query(FEED)
            .bind(user)
            .bind(after)
            .bind(device)
            .bind(self.max_rows)
            .bind(self.max_entries)
            .bind(self.up_to)
            .bind(self.max_bytes)
            .fetch_all(pool)
            .await?;
        ScanResult::from_rows(&rows, user)
    }
}

impl ScanResult {
    fn from_rows(rows: &[PgRow], user: &str) -> Result<Self, QueryError> {
        // The checkpoint table has one row, so there is always a first row.
        let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
        let found: Option<i64> = first.try_get("found")?;
        let mut entries = Vec::with_capacity(rows.len());
        for row in rows {
            if let Some(entry) = FeedEntry::from_row(row)? {
                entries.push(entry.into_recipient_form(user)?);
            }
        }
        Ok(Self {
            position: first.try_get("read_position")?,
            floor: first.try_get("floor")?,
            after: first.try_get("after")?,
            rows_scanned: first.try_get("scanned")?,
            scanned_to: first.try_get("scanned_to")?,
            found: usize::try_from(found.unwrap_or(0)).unwrap_or_default(),
            entries,
        })
    }

    fn into_page_end(mut self, size: FeedPageSize, scan: i64) -> PageEnd {
        let mut budget = PageBudget::with_bytes(size.bytes);
        let allowed = self.entries.iter().take(size.entries as usize);
        let fitting = allowed.take_while(|entry| budget.admit(entry)).count();
        // The first position that this page cannot include whole, if there is one.
        let end = match (self.entries.get(fitting), self.entries.last()) {
            (Some(entry), _) => Some(entry.position),
            // The position of the next entry is unknown: it may be that of the last one.
            (None, Some(last)) if self.found > fitting => Some(last.position),
            _ => self.scanned_to.filter(|_| self.rows_scanned >= scan),
        };
        let Some(end) = end else {
            return PageEnd::Page(FeedPage {
                entries: self.entries,
                cursor: self.position,
                has_more: false,
            });
        };
        self.entries.retain(|entry| entry.position < end);
        let cursor = match self.entries.last() {
            Some(last) if self.rows_scanned < scan => last.position,
            _ => end - 1,
        };
        if cursor <= self.after {
            PageEnd::OversizedPosition(end)
        } else {
            PageEnd::Page(FeedPage {
                entries: self.entries,
                cursor,
                has_more: true,
            })
        }
    }

    fn into_position_page(self, at: i64) -> FeedPage {
        FeedPage {
            entries: self.entries,
            cursor: at,
            has_more: at < self.position,
        }
    }
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
