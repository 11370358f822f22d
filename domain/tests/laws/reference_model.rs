//! The reference model: a second implementation of a conversation, as simple as possible and
//! deliberately slow.

use std::collections::{BTreeMap, BTreeSet};

use domain::conversation::event::{ConversationEvent, ConversationKind, HistoryVisibility, Role};
use domain::ids::UserId;

/// The state of a conversation according to the reference model.
#[derive(Debug, Default)]
pub struct ReferenceConversation {
    pub kind: Option<ConversationKind>,
    pub history: HistoryVisibility,
    pub roles: BTreeMap<UserId, Role>,
    /// The seqs that were sent while the user was a member.
    pub seqs_while_member: BTreeMap<UserId, BTreeSet<i64>>,
    /// The read mark that joining and sending imply in the current membership period.
    pub read_floors: BTreeMap<UserId, i64>,
    /// The current members, in the order in which they joined.
    pub join_order: Vec<UserId>,
    /// The users who should have become owner when an owner left.
    pub expected_successors: Vec<UserId>,
    /// The users who did become owner.
    pub successors: Vec<UserId>,
    pub seqs: Vec<i64>,
}

impl ReferenceConversation {
    pub fn replay(log: &[ConversationEvent]) -> Self {
        let mut naive = Self::default();
        for event in log {
            naive.apply(event);
        }
        naive
    }

    pub fn head_seq(&self) -> i64 {
        self.seqs.len() as i64
    }

    pub fn can_see(&self, user: &UserId, seq: i64) -> bool {
        let present = || {
            self.seqs_while_member
                .get(user)
                .is_some_and(|seqs| seqs.contains(&seq))
        };
        self.roles.contains_key(user)
            && self.seqs.contains(&seq)
            && (self.history == HistoryVisibility::All || present())
    }

    fn next_successor(&self) -> Option<UserId> {
        let is_admin = |user: &&UserId| self.roles.get(*user) == Some(&Role::Admin);
        self.join_order
            .iter()
            .find(is_admin)
            .or(self.join_order.first())
            .cloned()
    }

    fn join(&mut self, user: &UserId, role: Role) {
        self.roles.insert(user.clone(), role);
        self.read_floors.insert(user.clone(), self.head_seq());
        self.join_order.push(user.clone());
    }

    fn apply(&mut self, event: &ConversationEvent) {
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
                self.read_floors.remove(&removed.user);
                self.join_order.retain(|user| *user != removed.user);
                if role == Some(Role::Owner) {
                    self.expected_successors.extend(self.next_successor());
                }
            }
            ConversationEvent::MemberRoleChanged(changed) => {
                self.roles.insert(changed.user.clone(), changed.role);
                if changed.role == Role::Owner {
                    self.successors.push(changed.user.clone());
                }
            }
            ConversationEvent::MessageSent(sent) => {
                self.seqs.push(sent.seq);
                for user in self.roles.keys() {
                    self.seqs_while_member
                        .entry(user.clone())
                        .or_default()
                        .insert(sent.seq);
                }
                self.read_floors.insert(sent.sender.clone(), sent.seq);
            }
            _ => {}
        }
    }
}
