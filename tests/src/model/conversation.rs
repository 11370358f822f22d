//! The expected state of one conversation.

use std::collections::{BTreeMap, BTreeSet};

use super::desk::ModelDesk;
use super::thread_mark::ModelThreadMark;

/// What a member may do, in ascending order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MemberRole {
    /// An ordinary member.
    Member,
    /// May manage members.
    Admin,
    /// Cannot be removed.
    Owner,
}

impl MemberRole {
    /// The name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }
}

/// The parts of a message on which unread counts depend.
#[derive(Debug, Clone)]
pub struct ModelMessage {
    /// The sender.
    pub sender: String,
    /// It is never counted as unread.
    pub control: bool,
    /// It was recalled.
    pub recalled: bool,
    /// The mentioned users.
    pub mentions: Vec<String>,
    /// The root of the thread that it belongs to.
    pub thread: Option<i64>,
    /// The position of its event in the log.
    pub position: i64,
}

/// A membership period. It covers the messages with `after < seq`, and `seq <= until` once it has
/// ended.
#[derive(Debug, Clone)]
pub struct ModelPeriod {
    /// The head of the conversation when it began.
    pub after: i64,
    /// The head of the conversation when it ended.
    pub until: Option<i64>,
}

/// A current member.
#[derive(Debug, Clone)]
pub struct ModelMember {
    /// The role.
    pub role: MemberRole,
    /// How many users joined before.
    pub order: usize,
    /// The head of the conversation when the member joined.
    pub joined: i64,
    /// The read mark.
    pub read_mark: i64,
    /// Excluded from the total.
    pub muted: bool,
    /// Listed first.
    pub pinned: bool,
    /// Listed separately and excluded from the total.
    pub archived: bool,
}

/// A conversation.
#[derive(Debug, Clone)]
pub struct ModelConversation {
    /// A direct conversation.
    pub direct: bool,
    /// Members see only what was sent during their membership periods.
    pub since_join: bool,
    /// The position of its creation in the log.
    pub created: i64,
    /// The current members.
    pub members: BTreeMap<String, ModelMember>,
    /// The past and current membership periods of every user.
    pub periods: BTreeMap<String, Vec<ModelPeriod>>,
    /// The messages by seq, starting with seq 1.
    pub messages: Vec<ModelMessage>,
    /// How many times a user has joined.
    pub joins: usize,
    /// Anyone can join.
    pub open: bool,
    /// Only the owner and admins can write.
    pub frozen: bool,
    /// The silenced users.
    pub silenced: BTreeSet<String>,
    /// The banned users.
    pub banned: BTreeSet<String>,
    /// The last seq that a user has removed from their own view, member or not.
    pub cleared: BTreeMap<String, i64>,
    /// What users did with threads, by user and root. It survives leaving.
    pub thread_marks: BTreeMap<String, BTreeMap<i64, ModelThreadMark>>,
    /// What it has as a conversation with a desk.
    pub desk: Option<ModelDesk>,
}

impl ModelConversation {
    /// A new conversation, created by the first user.
    pub fn new(direct: bool, users: &[String], created: i64) -> Self {
        let mut new = Self {
            direct,
            since_join: false,
            created,
            members: BTreeMap::new(),
            periods: BTreeMap::new(),
            messages: Vec::new(),
            joins: 0,
            open: false,
            frozen: false,
            silenced: BTreeSet::new(),
            banned: BTreeSet::new(),
            cleared: BTreeMap::new(),
            thread_marks: BTreeMap::new(),
            desk: None,
        };
        for (index, user) in users.iter().enumerate() {
            let role = if index == 0 && !direct {
                MemberRole::Owner
            } else {
                MemberRole::Member
            };
            new.join(user, role);
        }
        new
    }

    /// The newest seq.
    pub fn head(&self) -> i64 {
        self.messages.len() as i64
    }

    /// Whether a user is a member.
    pub fn is_member(&self, user: &str) -> bool {
        self.members.contains_key(user)
    }

    /// The message with a seq.
    pub fn message(&self, seq: i64) -> Option<&ModelMessage> {
        self.messages.get(usize::try_from(seq - 1).ok()?)
    }

    /// The last seq that a user has removed from their own view.
    pub fn cleared_seq(&self, user: &str) -> i64 {
        self.cleared.get(user).copied().unwrap_or(0)
    }

    /// The visibility rule.
    pub fn can_see(&self, user: &str, seq: i64) -> bool {
        let covers = |period: &ModelPeriod| {
            seq > period.after && period.until.is_none_or(|until| seq <= until)
        };
        self.is_member(user)
            && seq > self.cleared_seq(user)
            && seq <= self.head()
            && (!self.since_join
                || self
                    .periods
                    .get(user)
                    .is_some_and(|periods| periods.iter().any(covers)))
    }

    /// Adds a member, whose read mark starts at the head.
    pub fn join(&mut self, user: &str, role: MemberRole) {
        let head = self.head();
        let member = ModelMember {
            role,
            order: self.joins,
            joined: head,
            read_mark: head,
            muted: false,
            pinned: false,
            archived: false,
        };
        self.joins += 1;
        self.members.insert(user.to_owned(), member);
        self.periods
            .entry(user.to_owned())
            .or_default()
            .push(ModelPeriod {
                after: head,
                until: None,
            });
    }

    /// Removes a member with all settings. The admin who joined first succeeds an owner; without
    /// admins, the member who joined first.
    pub fn leave(&mut self, user: &str) {
        let head = self.head();
        let Some(gone) = self.members.remove(user) else {
            return;
        };
        if let Some(period) = self
            .periods
            .get_mut(user)
            .and_then(|periods| periods.last_mut())
        {
            period.until = Some(head);
        }
        if gone.role == MemberRole::Owner {
            let next = self
                .members
                .values_mut()
                .min_by_key(|m| (m.role != MemberRole::Admin, m.order));
            if let Some(next) = next {
                next.role = MemberRole::Owner;
            }
        }
    }
}
