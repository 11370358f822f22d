//! The part of the read model that one batch touches: as it was, and as the fold leaves it.

use std::collections::{HashMap, HashSet};

use domain::ids::{ConversationId, UserId};

use crate::memory::{Conversation, Member, MemberKey, Memory, User};

/// What has to be written of a row. Ordered: a later one includes the earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    /// Nothing.
    Same,
    /// Only a member's marks: by far the most frequent change of a member.
    Marks,
    /// All columns.
    Row,
    /// The row itself.
    New,
}

/// A row as it is now, and what became of it.
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

    /// Notes a change on top of those before.
    pub fn touch(&mut self, change: Change) -> &mut T {
        self.change = self.change.max(change);
        &mut self.now
    }
}

/// The rows that a batch needs. Whoever is not here is not in the read model.
#[derive(Debug, Default)]
pub(crate) struct Picture {
    pub users: HashMap<UserId, Held<User>>,
    pub conversations: HashMap<ConversationId, Held<Conversation>>,
    pub members: HashMap<MemberKey, Held<Member>>,
    /// The sources, of those that the batch names, that wait behind an event that could not be
    /// folded.
    pub parked: HashSet<String>,
    /// How many users have been numbered.
    pub user_count: i64,
    /// How many conversations have been numbered.
    pub conversation_count: i64,
}

impl Picture {
    /// The number of a user, given now if this is the first time that the log names them.
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

    /// A member who is in now.
    pub fn present(&mut self, key: MemberKey) -> Option<&mut Held<Member>> {
        self.members
            .get_mut(&key)
            .filter(|member| member.now.present)
    }

    /// Hands what was written on to the memory.
    pub fn remember(self, memory: &mut Memory) {
        for (name, user) in self.users {
            if user.change > Change::Same {
                memory.users.insert(name, user.now);
            }
        }
        for (name, conversation) in self.conversations {
            if conversation.change > Change::Same {
                memory.conversations.insert(name, conversation.now);
            }
        }
        for (key, member) in self.members {
            if member.change > Change::Same {
                memory.members.insert(key, member.now);
            }
        }
    }
}
