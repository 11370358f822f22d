//! A page of the feed: where it starts, how large it may be, and what is on it.

use domain::ids::DeviceId;

use crate::sql::entry_view::FeedEntry;

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

/// The maximum size of a page.
#[derive(Debug, Clone, Copy)]
pub struct FeedPageSize {
    /// The maximum number of entries.
    pub entries: i64,
    /// The maximum size of the entries as JSON, in bytes.
    pub bytes: usize,
}
