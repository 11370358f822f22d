//! Every number that shapes the read model or bounds the work on it.

use std::time::Duration;

/// The configuration of a projector.
///
/// `fanout_threshold` and `max_receipt_members` shape the rows. Rebuild after changing them;
/// otherwise old and new entries follow different rules, which readers tolerate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectorConfig {
    /// In conversations of up to this many members, every entry gets an inbox row per member.
    /// Entries of larger conversations are merged on read.
    pub fanout_threshold: i64,
    /// How long sync entries are retained.
    pub offline_window: Duration,
    /// The maximum number of events in one transaction.
    pub batch: usize,
    /// Read and delivery receipts go to the other members of conversations of up to this many
    /// members.
    pub max_receipt_members: i64,
}

impl Default for ProjectorConfig {
    fn default() -> Self {
        Self {
            fanout_threshold: 500,
            offline_window: Duration::from_secs(7 * 24 * 3_600),
            batch: 8_000,
            max_receipt_members: 100,
        }
    }
}

/// The approximate maximum number of inbox rows in one transaction. A batch ends early once it has
/// fanned out to this many, so that a burst in large conversations does not delay all users for
/// seconds.
pub(crate) const MAX_BATCH_INBOX_ROWS: i64 = 50_000;

/// How many users, conversations and memberships the row cache holds between batches: at most
/// about 100 MB in all.
pub(crate) const USER_CACHE_CAPACITY: usize = 200_000;
pub(crate) const CONVERSATION_CACHE_CAPACITY: usize = 100_000;
pub(crate) const MEMBER_CACHE_CAPACITY: usize = 300_000;

/// An ack produces receipts in at most this many conversations: those that its user joined last.
pub(crate) const MAX_ACK_CONVERSATIONS: i64 = 1_000;

/// In each conversation, an ack produces receipts for the senders of at most this many messages:
/// the newest of those that it covers.
pub(crate) const MAX_ACK_MESSAGES: i64 = 1_000;

/// The maximum number of positions that one trim transaction covers.
pub(crate) const MAX_TRIM_POSITIONS: i64 = 10_000;
