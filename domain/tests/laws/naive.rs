//! The reference model: a second implementation of a conversation, as simple as possible and
//! deliberately slow.

use std::collections::{BTreeMap, BTreeSet};

use domain::conversation::event::{ConversationEvent, ConversationKind, History, Role};
use domain::ids::UserId;

/// The state of a conversation according to the reference model.
#[derive(Debug, Default)]
pub struct Naive {
    pub kind: Option<ConversationKind>,
    pub history: History,
    pub roles: BTreeMap<UserId, Role>,
    /// The seqs that were sent while the user was a member.
    pub present_at: BTreeMap<UserId, BTreeSet<i64>>,
    /// The read mark that joining and sending imply in the current membership period.
    pub floors: BTreeMap<UserId, i64>,
    /// The current members, in the order in which they joined.
    pub line: Vec<UserId>,
    /// The users who should have become owner when an owner left.
    pub rightful_heirs: Vec<UserId>,
    /// The users who did become owner.
    pub heirs: Vec<UserId>,
    pub seqs: Vec<i64>,
}

impl Naive {
    pub fn read(log: &[ConversationEvent]) -> Self {
        let mut naive = Self::default();
        for event in log {
            naive.take(event);
        }
        naive
    }

    pub fn head(&self) -> i64 {
        self.seqs.len() as i64
    }

    pub fn may_see(&self, user: &UserId, seq: i64) -> bool {
        let present = || {
            self.present_at
                .get(user)
                .is_some_and(|seqs| seqs.contains(&seq))
        };
        self.roles.contains_key(user)
            && self.seqs.contains(&seq)
            && (self.history == History::All || present())
    }

    fn next_in_line(&self) -> Option<UserId> {
        let is_admin = |user: &&UserId| self.roles.get(*user) == Some(&Role::Admin);
        self.line
            .iter()
            .find(is_admin)
            .or(self.line.first())
            .cloned()
    }

    fn join(&mut self, user: &UserId, role: Role) {
        self.roles.insert(user.clone(), role);
        self.floors.insert(user.clone(), self.head());
        self.line.push(user.clone());
    }

    fn take(&mut self, event: &ConversationEvent) {
        match event {
            ConversationEvent::ConversationCreated(created) => {
                self.kind = Some(created.kind);
                self.history = created.history;
                for first in &created.members {
                    self.join(&first.user, first.role);
                }
            }
            ConversationEvent::ConversationChanged(changed) => self.history = changed.history,
            ConversationEvent::MemberAdded(added) => self.join(&added.user, added.role),
            ConversationEvent::MemberRemoved(removed) => {
                let role = self.roles.remove(&removed.user);
                self.floors.remove(&removed.user);
                self.line.retain(|user| *user != removed.user);
                if role == Some(Role::Owner) {
                    self.rightful_heirs.extend(self.next_in_line());
                }
            }
            ConversationEvent::MemberRoleChanged(changed) => {
                self.roles.insert(changed.user.clone(), changed.role);
                if changed.role == Role::Owner {
                    self.heirs.push(changed.user.clone());
                }
            }
            ConversationEvent::MessageSent(sent) => {
                self.seqs.push(sent.seq);
                for user in self.roles.keys() {
                    self.present_at
                        .entry(user.clone())
                        .or_default()
                        .insert(sent.seq);
                }
                self.floors.insert(sent.sender.clone(), sent.seq);
            }
            _ => {}
        }
    }
}
