//! What one statement reads of the feed, and where a page made of it ends.

use crate::page::PageBudget;
use crate::sql::entry_view::FeedEntry;
use crate::sync::feed_page::{FeedPage, FeedPageSize};

/// The minimum number of rows that one statement merges. It lets a small page skip invisible
/// entries without a round trip for each. Reading the rows is most of the cost of a small page.
const MIN_SCAN_ROWS: i64 = 64;

/// The part of the feed that one statement reads.
#[derive(Debug, Clone, Copy)]
pub struct ScanRange {
    /// The maximum number of rows of each source, and of their merge.
    pub max_rows: i64,
    /// The maximum number of entries: one more than the page shows.
    pub max_entries: i64,
    /// Entries that follow this many bytes are left out.
    pub max_bytes: i64,
    /// The last position to read.
    pub up_to: i64,
}

/// The result of one statement.
#[derive(Debug)]
pub struct ScanResult {
    /// The position of the read model.
    pub position: i64,
    /// Entries up to this position have been deleted.
    pub floor: i64,
    /// The position after which the scan started.
    pub after: i64,
    /// The number of merged rows.
    pub rows_scanned: i64,
    /// The position of the last of them.
    pub scanned_to: Option<i64>,
    /// The number of entries, including those that were left out.
    pub found: usize,
    pub entries: Vec<FeedEntry>,
}

/// Where a page ends.
#[derive(Debug)]
pub enum PageEnd {
    /// The page.
    Page(FeedPage),
    /// This position alone has more entries than a page; it is returned whole.
    OversizedPosition(i64),
}

impl ScanRange {
    /// Reads a page of this size, and one entry more.
    pub fn for_page(size: FeedPageSize) -> Self {
        let max_entries = size.entries.saturating_add(1);
        Self {
            max_rows: max_entries.max(MIN_SCAN_ROWS),
            max_entries,
            max_bytes: i64::try_from(size.bytes).unwrap_or(i64::MAX),
            up_to: i64::MAX,
        }
    }

    /// Reads everything at one position: at most one row for each of the user's conversations.
    pub fn at_position(position: i64) -> Self {
        Self {
            max_rows: i64::MAX,
            max_entries: i64::MAX,
            max_bytes: i64::MAX,
            up_to: position,
        }
    }
}

impl ScanResult {
    /// Cuts the entries to a page.
    pub fn into_page_end(mut self, size: FeedPageSize, scan: i64) -> PageEnd {
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

    /// The page of one position, whole.
    pub fn into_position_page(self, at: i64) -> FeedPage {
        FeedPage {
            entries: self.entries,
            cursor: at,
            has_more: at < self.position,
        }
    }
}
