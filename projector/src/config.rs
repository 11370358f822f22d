//! Every number that shapes the read models or bounds the work on them.

use std::time::Duration;

/// How a projector works. `fanout_threshold` and `receipts_up_to` shape the rows: change them with
/// a rebuild, or old and new entries are told by different rules (which readers bear).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectorConfig {
    /// Entries of conversations with up to this many members get an inbox row for each of them.
    pub fanout_threshold: i64,
    /// How long sync entries are kept.
    pub offline_window: Duration,
    /// Events in one transaction, at most.
    pub batch: usize,
    /// Reads and deliveries are told to the others in conversations of up to this many members.
    pub receipts_up_to: i64,
}

impl Default for ProjectorConfig {
    fn default() -> Self {
        Self {
            fanout_threshold: 500,
            offline_window: Duration::from_secs(7 * 24 * 3_600),
            batch: 8_000,
            receipts_up_to: 100,
        }
    }
}

/// Inbox rows in one transaction, about: a batch ends early once it has fanned out to this many,
/// so that a burst in large conversations does not hold up everybody for seconds.
pub(crate) const INBOX_ROWS: i64 = 50_000;

/// What is remembered of users, conversations and memberships between batches, in items. Together
/// at most about 100 MB.
pub(crate) const USERS_REMEMBERED: usize = 200_000;
pub(crate) const CONVERSATIONS_REMEMBERED: usize = 100_000;
pub(crate) const MEMBERS_REMEMBERED: usize = 300_000;

/// An ack is told in this many conversations at most: those that its user joined last.
pub(crate) const ACK_CONVERSATIONS: i64 = 1_000;

/// An ack is told to the senders of this many messages at most of each conversation: the newest of
/// those that it covers.
pub(crate) const ACK_MESSAGES: i64 = 1_000;

/// Positions that the janitor takes off the offline window in one transaction.
pub(crate) const TRIM_POSITIONS: i64 = 10_000;
