//! One conversation as it should be.

use std::collections::BTreeMap;

/// What a member may do. Ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Nothing special.
    Member,
    /// Manages members.
    Admin,
    /// Cannot be removed.
    Owner,
}

impl Role {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }
}

/// A message, as far as unread depends on it.
#[derive(Debug, Clone)]
pub struct Message {
    /// Who sent it.
    pub sender: String,
    /// Sent, but never counted.
    pub control: bool,
    /// Taken back.
    pub recalled: bool,
    /// Whom it names.
    pub mentions: Vec<String>,
    /// Where it stands in the log.
    pub position: i64,
}

/// The messages of one stay: `after < seq`, and `seq <= until` once it has ended.
#[derive(Debug, Clone)]
pub struct Stay {
    /// The head when it began.
    pub after: i64,
    /// The head when it ended.
    pub until: Option<i64>,
}

/// A present member.
#[derive(Debug, Clone)]
pub struct Member {
    /// What they may do.
    pub role: Role,
    /// How many joined before.
    pub order: usize,
    /// The head when they joined.
    pub joined: i64,
    /// The read mark.
    pub mark: i64,
    /// Left out of the total.
    pub muted: bool,
    /// Shown first.
    pub pinned: bool,
    /// Shown apart, and left out of the total.
    pub archived: bool,
}

/// A conversation.
#[derive(Debug, Clone)]
pub struct Conversation {
    /// Of two people, for ever.
    pub direct: bool,
    /// Members see only what was sent during their stays.
    pub since_join: bool,
    /// Where its creation stands in the log.
    pub created: i64,
    /// Who is in.
    pub members: BTreeMap<String, Member>,
    /// Everybody's stays, over and present.
    pub stays: BTreeMap<String, Vec<Stay>>,
    /// By seq, from 1 on.
    pub messages: Vec<Message>,
    /// How many joins there were.
    pub joins: usize,
}

impl Conversation {
    /// A conversation that has just begun; the first user made it.
    pub fn new(direct: bool, users: &[String], created: i64) -> Self {
        let mut new = Self {
            direct,
            since_join: false,
            created,
            members: BTreeMap::new(),
            stays: BTreeMap::new(),
            messages: Vec::new(),
            joins: 0,
        };
        for (index, user) in users.iter().enumerate() {
            let role = if index == 0 && !direct {
                Role::Owner
            } else {
                Role::Member
            };
            new.join(user, role);
        }
        new
    }

    /// The newest seq.
    pub fn head(&self) -> i64 {
        self.messages.len() as i64
    }

    /// Whether the user is in.
    pub fn is_member(&self, user: &str) -> bool {
        self.members.contains_key(user)
    }

    /// The message of a seq.
    pub fn message(&self, seq: i64) -> Option<&Message> {
        self.messages.get(usize::try_from(seq - 1).ok()?)
    }

    /// The one visibility rule.
    pub fn may_see(&self, user: &str, seq: i64) -> bool {
        let in_a_stay =
            |stay: &Stay| seq > stay.after && stay.until.is_none_or(|until| seq <= until);
        self.is_member(user)
            && seq >= 1
            && seq <= self.head()
            && (!self.since_join
                || self
                    .stays
                    .get(user)
                    .is_some_and(|stays| stays.iter().any(in_a_stay)))
    }

    /// Joining sets the read mark to the head.
    pub fn join(&mut self, user: &str, role: Role) {
        let head = self.head();
        let member = Member {
            role,
            order: self.joins,
            joined: head,
            mark: head,
            muted: false,
            pinned: false,
            archived: false,
        };
        self.joins += 1;
        self.members.insert(user.to_owned(), member);
        self.stays.entry(user.to_owned()).or_default().push(Stay {
            after: head,
            until: None,
        });
    }

    /// Leaving forgets the stay's settings; the longest-serving admin, else member, follows an owner.
    pub fn leave(&mut self, user: &str) {
        let head = self.head();
        let Some(gone) = self.members.remove(user) else {
            return;
        };
        if let Some(stay) = self.stays.get_mut(user).and_then(|stays| stays.last_mut()) {
            stay.until = Some(head);
        }
        if gone.role == Role::Owner {
            let next = self
                .members
                .values_mut()
                .min_by_key(|m| (m.role != Role::Admin, m.order));
            if let Some(next) = next {
                next.role = Role::Owner;
            }
        }
    }
}
