//! Which counts are reported, and in which form.

use domain::ids::{ConversationId, UserId};
use domain::time::Timestamp;
use serde::Serialize;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// How often the counts are reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnreadInterval {
    /// At the end of every day (UTC).
    #[default]
    Day,
    /// At the end of every hour.
    Hour,
}

impl UnreadInterval {
    /// Its length.
    pub(super) fn millis(self) -> i64 {
        match self {
            Self::Day => DAY_MS,
            Self::Hour => HOUR_MS,
        }
    }
}

/// What the counts are summed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnreadGrouping {
    /// Everything.
    #[default]
    All,
    /// Each user.
    User,
    /// Each conversation.
    Conversation,
}

/// Which counts are reported.
#[derive(Debug, Clone, Default)]
pub struct UnreadHistoryOptions {
    /// How often.
    pub interval: UnreadInterval,
    /// Summed over what.
    pub grouping: UnreadGrouping,
    /// Only those of this user.
    pub user: Option<UserId>,
    /// Only those of this conversation.
    pub conversation: Option<ConversationId>,
    /// Only intervals that end after this time.
    pub since: Option<Timestamp>,
    /// Only events before this time.
    pub until: Option<Timestamp>,
}

/// The counts of one interval. In groups, rows without unread messages are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnreadRow {
    /// The beginning of the interval.
    pub from: Timestamp,
    /// The last position before its end, to which the counts belong.
    pub position: i64,
    /// The user, if the counts are by user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The conversation, if the counts are by conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<String>,
    /// The unread messages in conversations that are neither muted nor archived: the sum of the
    /// badges.
    pub unread: i64,
    /// The unread messages in muted and archived conversations.
    pub quiet: i64,
    /// The number of memberships with unread messages: users by conversation, conversations by
    /// user.
    pub memberships: i64,
}
