//! The messages that a search finds, and their order.

/// The order of hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// BM25 with a mild preference for recent messages.
    Relevance,
    /// Newest first.
    Newest,
}

/// The sort key of a hit. The cursor for the next page is that of the last hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct HitCursor {
    /// The score as an integer of the same order; 0 if sorted by time.
    pub rank: u32,
    /// The log position of the message.
    pub position: u64,
}

/// A message that matches a search.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchHit {
    /// The log position of the `message_sent` event.
    pub position: u64,
    /// The conversation of the message.
    pub conversation: u64,
    /// The sequence number within the conversation.
    pub seq: u64,
    /// The relevance, comparable within one search; 0 if sorted by time.
    pub score: f32,
    /// The rank in the sort key.
    pub(super) rank: u32,
}

impl SearchHit {
    /// The cursor of a page that starts after this hit.
    pub fn cursor(&self) -> HitCursor {
        HitCursor {
            rank: self.rank,
            position: self.position,
        }
    }
}
