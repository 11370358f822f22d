//! The working set of a batch: the rows that it reads, with the changes that the fold makes.

use std::collections::{HashMap, HashSet};

use domain::ids::{ConversationId, UserId};

use crate::memory::{Conversation, Member, MemberKey, Memory, User};

/// How much of a row must be written. Ordered: each variant includes the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    /// Nothing.
    Same,
    /// Only a member's read marks: by far the most frequent change of a member.
    Marks,
    /// All columns.
    Row,
    /// The whole row: it does not exist yet.
    New,
}

/// A row with its current values and the extent of its changes.
#[derive(Debug, Clone)]
pub(crate) struct Held<T> {
    pub now: T,
    pub change: Change,
}

impl<T> Held<T> {
    pub fn loaded(now: T) -> Self {
        Self {
            now,
            change: Change::Same,
        }
    }

    pub fn new(now: T) -> Self {
        Self {
            now,
            change: Change::New,
        }
    }

    /// Records a change, on top of earlier ones, and returns the row to be changed.
    pub fn touch(&mut self, change: Change) -> &mut T {
        self.change = self.change.max(change);
        &mut self.now
    }
}

/// The rows that a batch needs. A row that is missing here does not exist in the read model.
#[derive(Debug, Default)]
pub(crate) struct Picture {
    pub users: HashMap<UserId, Held<User>>,
    pub conversations: HashMap<ConversationId, Held<Conversation>>,
    pub members: HashMap<MemberKey, Held<Member>>,
    /// The sources of this batch that wait behind a parked event.
    pub parked: HashSet<String>,
    /// The number of users that have an id.
    pub user_count: i64,
    /// The number of conversations that have an id.
    pub conversation_count: i64,
}

impl Picture {
    /// The id of a user. Assigns the next one if the log names the user for the first time.
    pub fn number(&mut self, name: &UserId) -> i64 {
        if let Some(user) = self.users.get(name) {
            return user.now.id;
        }
        self.user_count += 1;
        let user = User {
            id: self.user_count,
            sequence: 0,
        };
        self.users.insert(name.clone(), Held::new(user));
        user.id
    }

    /// The membership, if the user is currently a member.
    pub fn present(&mut self, key: MemberKey) -> Option<&mut Held<Member>> {
        self.members
            .get_mut(&key)
            .filter(|member| member.now.present)
    }

    /// Stores the rows that were written in the cache.
    pub fn remember(self, cache: &mut Memory) {
        for (name, user) in self.users {
            if user.change > Change::Same {
                cache.users.insert(name, user.now);
            }
        }
        for (name, conversation) in self.conversations {
            if conversation.change > Change::Same {
                cache.conversations.insert(name, conversation.now);
            }
        }
        for (key, member) in self.members {
            if member.change > Change::Same {
                cache.members.insert(key, member.now);
            }
        }
    }
}
