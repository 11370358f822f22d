//! The sync feed: what happened to a user since a cursor, page by page, oldest first.
//!
//! A page merges two sources by position: the user's own small inbox rows (fan-out on write), and,
//! for conversations too large to fan out, their messages and timeline within the user's membership
//! periods (fan-out on read). Entries that the user can no longer see are then dropped, and the
//! rest is joined with the messages in their current state.
//!
//! The cursor is a position, and several conversations can have an entry at the same position. A
//! page therefore never ends in the middle of a position, even if it exceeds its size.

mod feed_page;
mod feed_scan;
mod general_feed;
mod plain_feed;

use event_log::reader::LogReader;
use http_edge::Problem;
use sqlx::PgPool;

use crate::error::QueryError;
use crate::plain_reads::count_answer;
use feed_scan::{PageEnd, ScanRange, ScanResult};

pub use feed_page::{FeedPage, FeedPageSize, FeedStart};

/// The maximum number of statements for one page. More than one is needed only where whole pages
/// are invisible, which happens after the user has left a busy conversation.
const MAX_ROUNDS: usize = 16;

/// What a page is read from.
#[derive(Clone, Copy)]
pub struct FeedSource<'a> {
    /// Connections that read the read model.
    pub pool: &'a PgPool,
    /// Reads the head of the log, for a cursor that is ahead of the read model.
    pub reader: &'a LogReader,
    /// Whether plain feeds have a statement of their own.
    pub plain_reads: bool,
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

/// Reads a page of at most this size, or a larger one if a single position is larger. Also returns
/// the position of the read model in that snapshot.
pub async fn read_page(
    source: FeedSource<'_>,
    user: &str,
    start: FeedStart<'_>,
    size: FeedPageSize,
) -> Result<(i64, SyncOutcome), QueryError> {
    let mut start = start;
    let mut round = 1;
    loop {
        let range = ScanRange::for_page(size);
        let found = scan(source, user, start, range).await?;
        let position = found.position;
        if found.after < found.floor {
            let problem = cursor_expired(found.floor);
            return Ok((position, SyncOutcome::InvalidCursor(Box::new(problem))));
        }
        if found.after > position {
            return Ok((position, check_ahead(source.reader, found.after).await?));
        }
        let (position, page) = match found.into_page_end(size, range.max_rows) {
            PageEnd::Page(page) => (position, page),
            PageEnd::OversizedPosition(at) => {
                let start = FeedStart::After(at - 1);
                let range = ScanRange::at_position(at);
                let found = general_feed::scan(source.pool, user, start, range).await?;
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

/// Reads a part of the feed by the statement for plain feeds, or else by that for all.
async fn scan(
    source: FeedSource<'_>,
    user: &str,
    start: FeedStart<'_>,
    range: ScanRange,
) -> Result<ScanResult, QueryError> {
    if let FeedStart::After(after) = start
        && source.plain_reads
    {
        let found = plain_feed::scan(source.pool, user, after, range).await?;
        count_answer("entries", found.is_some());
        if let Some(found) = found {
            return Ok(found);
        }
    }
    general_feed::scan(source.pool, user, start, range).await
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
