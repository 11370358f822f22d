//! A bounded cache of read-model rows between batches: a batch whose rows are all cached reads
//! nothing from the database. Evicted rows are loaded again. The cache never runs ahead of the
//! tables: a batch stores its results here only after it has been committed.

use domain::conversation::event::{ConversationKind, HistoryVisibility, Role};
use domain::ids::{ConversationId, Title, UserId};
use domain::time::Timestamp;
use quick_cache::unsync::Cache;

use crate::config::{CONVERSATION_CACHE_CAPACITY, MEMBER_CACHE_CAPACITY, USER_CACHE_CAPACITY};

/// A row of `users`, without the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UserState {
    pub id: i64,
    pub sequence: i64,
    pub read_receipts: bool,
}

/// A row of `conversations`, without the name. The migration documents the columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConversationState {
    pub id: i64,
    pub kind: ConversationKind,
    pub title: Option<Title>,
    pub history: HistoryVisibility,
    pub created_at: Timestamp,
    pub member_count: i64,
    pub head_seq: i64,
    pub countable: i64,
    pub last_seq: Option<i64>,
    pub activity: i64,
    pub unfanned: i64,
    pub head_position: i64,
    pub joins: i64,
    pub sequence: i64,
}

impl ConversationState {
    /// Whether members see read receipts whatever their settings: a customer and an agent do.
    pub(crate) fn shows_all_receipts(&self) -> bool {
        self.kind == ConversationKind::Desk
    }
}

/// A row of `members`, without its key.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MemberState {
    pub present: bool,
    pub role: Role,
    pub joined_at: Timestamp,
    pub joined_order: i64,
    pub joined_seq: i64,
    pub read_seq: i64,
    pub read_high: i64,
    pub own_seq: i64,
    pub muted: bool,
    pub pinned: bool,
    pub archived: bool,
    pub mentions: bool,
    /// The last seq that the user has cleared from their own view; it outlasts the membership.
    pub cleared_seq: i64,
}

/// Conversation id and user id.
pub(crate) type MemberKey = (i64, i64);

/// Cached rows of `users`, `conversations` and `members`.
pub(crate) struct RowCache {
    pub users: Cache<UserId, UserState>,
    pub conversations: Cache<ConversationId, ConversationState>,
    pub members: Cache<MemberKey, MemberState>,
}

impl RowCache {
    /// An empty cache.
    pub fn new() -> Self {
        Self {
            users: Cache::new(USER_CACHE_CAPACITY),
            conversations: Cache::new(CONVERSATION_CACHE_CAPACITY),
            members: Cache::new(MEMBER_CACHE_CAPACITY),
        }
    }

    /// Removes all rows. Called when another process may have written the tables, so that no cached
    /// row can be trusted.
    pub fn clear(&mut self) {
        self.users.clear();
        self.conversations.clear();
        self.members.clear();
    }
}
