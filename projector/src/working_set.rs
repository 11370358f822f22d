//! The working set of a batch: the rows that it reads, with the changes that the fold makes.

use std::collections::{HashMap, HashSet};

use domain::ids::{ConversationId, UserId};

use crate::row_cache::{ConversationState, MemberKey, MemberState, RowCache, UserState};
use crate::rows::ProfileState;

/// How much of a row must be written. Ordered: each variant includes the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RowChange {
    /// Nothing.
    Unchanged,
    /// Only a member's read marks: by far the most frequent change of a member.
    Marks,
    /// All columns.
    Row,
    /// The whole row: it does not exist yet.
    New,
}

/// A row with its current values and the extent of its changes.
#[derive(Debug, Clone)]
pub(crate) struct TrackedRow<T> {
    pub row: T,
    pub change: RowChange,
}

impl<T> TrackedRow<T> {
    pub fn existing(row: T) -> Self {
        Self {
            row,
            change: RowChange::Unchanged,
        }
    }

    pub fn new(row: T) -> Self {
        Self {
            row,
            change: RowChange::New,
        }
    }

    /// Records a change, on top of earlier ones, and returns the row to be changed.
    pub fn mark(&mut self, change: RowChange) -> &mut T {
        self.change = self.change.max(change);
        &mut self.row
    }
}

/// The rows that a batch needs. A row that is missing here does not exist in the read model.
#[derive(Debug, Default)]
pub(crate) struct WorkingSet {
    pub users: HashMap<UserId, TrackedRow<UserState>>,
    pub conversations: HashMap<ConversationId, TrackedRow<ConversationState>>,
    pub members: HashMap<MemberKey, TrackedRow<MemberState>>,
    /// The profiles that change. They change rarely, so they are not cached.
    pub profiles: HashMap<UserId, TrackedRow<ProfileState>>,
    /// The pairs of which the first user blocks the second one, among those that need it.
    pub blocks: HashSet<(i64, i64)>,
    /// The pairs of which the first user must not learn of the request of the second one, likewise.
    pub hidden_contacts: HashSet<(i64, i64)>,
    /// The sources of this batch that wait behind a parked event.
    pub parked: HashSet<String>,
    /// The number of users that have an id.
    pub user_count: i64,
    /// The number of conversations that have an id.
    pub conversation_count: i64,
}

impl WorkingSet {
    /// The id of a user. Assigns the next one if the log names the user for the first time.
    pub fn assign_user_id(&mut self, name: &UserId) -> i64 {
        if let Some(user) = self.users.get(name) {
            return user.row.id;
        }
        self.user_count += 1;
        let user = UserState {
            id: self.user_count,
            sequence: 0,
            read_receipts: true,
        };
        self.users.insert(name.clone(), TrackedRow::new(user));
        user.id
    }

    /// The membership, if the user is currently a member.
    pub fn present_member(&mut self, key: MemberKey) -> Option<&mut TrackedRow<MemberState>> {
        self.members
            .get_mut(&key)
            .filter(|member| member.row.present)
    }

    /// Stores the rows that were written in the cache.
    pub fn update_cache(self, cache: &mut RowCache) {
        for (name, user) in self.users {
            if user.change > RowChange::Unchanged {
                cache.users.insert(name, user.row);
            }
        }
        for (name, conversation) in self.conversations {
            if conversation.change > RowChange::Unchanged {
                cache.conversations.insert(name, conversation.row);
            }
        }
        for (key, member) in self.members {
            if member.change > RowChange::Unchanged {
                cache.members.insert(key, member.row);
            }
        }
    }
}
