//! What a conversation knows, and how each event changes it. Nothing is judged here: an event in
//! the log has happened.

use serde::{Deserialize, Serialize};

use super::event::{
    ConversationChanged, ConversationCreated, ConversationEvent, ConversationKind, History,
    MessageSent, Role,
};
use super::{Conversation, REMEMBERED};
use crate::ids::{Title, UserId};
use crate::message::MessageState;

/// What the conversation is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct About {
    pub kind: ConversationKind,
    pub title: Option<Title>,
    pub history: History,
    /// No title was given since the last one was erased.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub title_erased: bool,
}

/// Somebody who is in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Member {
    pub role: Role,
    /// Which joining of the conversation this stay began with: 1, 2, 3, ...
    pub stay: i64,
    /// The head at the joining. The stay's messages come after it.
    pub joined_seq: i64,
    /// The member's own newest message of this stay, 0 if there is none.
    pub own_seq: i64,
}

/// An ended stay with at least one message: `after_seq < seq <= until_seq`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Stay {
    pub after_seq: i64,
    pub until_seq: i64,
}

/// Whether a seq lies within one of these stays, which are in order and do not overlap.
pub(super) fn any_covers(stays: &[Stay], seq: i64) -> bool {
    let begun_before = stays.partition_point(|stay| stay.after_seq < seq);
    begun_before > 0 && seq <= stays[begun_before - 1].until_seq
}

impl Conversation {
    pub(super) fn fold(&mut self, event: ConversationEvent) {
        use ConversationEvent as E;
        match event {
            E::ConversationCreated(created) => self.created(created),
            E::ConversationChanged(changed) => self.changed(changed),
            E::MemberAdded(added) => self.joined(added.user, added.role),
            E::MemberRemoved(removed) => self.left(&removed.user),
            E::MemberRoleChanged(changed) => {
                if let Some(member) = self.members.get_mut(&changed.user) {
                    member.role = changed.role;
                }
            }
            E::MessageSent(sent) => self.sent(&sent),
            E::MessageEdited(ref about) => self.happened_to(about.seq, event),
            E::MessageRecalled(ref about) => self.happened_to(about.seq, event),
            E::MessageErased(ref about) => self.happened_to(about.seq, event),
            E::TitleErased(_) => self.title_erased(),
            E::ReactionAdded(ref about) | E::ReactionRemoved(ref about) => {
                self.happened_to(about.seq, event);
            }
        }
    }

    fn created(&mut self, created: ConversationCreated) {
        self.about = Some(About {
            kind: created.kind,
            title: created.title,
            history: created.history,
            title_erased: false,
        });
        for first in created.members {
            self.joined(first.user, first.role);
        }
    }

    fn changed(&mut self, changed: ConversationChanged) {
        if let Some(about) = &mut self.about {
            about.title_erased &= changed.title.is_none();
            about.title = changed.title;
            about.history = changed.history;
        }
    }

    fn title_erased(&mut self) {
        if let Some(about) = &mut self.about {
            about.title = None;
            about.title_erased = true;
        }
    }

    fn joined(&mut self, user: UserId, role: Role) {
        self.joins += 1;
        let member = Member {
            role,
            stay: self.joins,
            joined_seq: self.head_seq,
            own_seq: 0,
        };
        self.members.insert(user, member);
    }

    fn left(&mut self, user: &UserId) {
        let Some((user, member)) = self.members.remove_entry(user) else {
            return;
        };
        if member.joined_seq == self.head_seq {
            return;
        }
        let stays = self.ended.entry(user).or_default();
        match stays.last_mut() {
            // Nothing was sent in between: one interval says the same, and a user who comes and
            // goes does not make the state grow.
            Some(last) if last.until_seq == member.joined_seq => last.until_seq = self.head_seq,
            _ => stays.push(Stay {
                after_seq: member.joined_seq,
                until_seq: self.head_seq,
            }),
        }
    }

    fn sent(&mut self, sent: &MessageSent) {
        self.head_seq = sent.seq;
        if let Some(member) = self.members.get_mut(&sent.sender) {
            member.own_seq = sent.seq;
        }
        if self.newest.len() == REMEMBERED {
            self.newest.pop_front();
        }
        self.newest.push_back(MessageState::sent(sent));
    }

    /// Passes an event on to its message, if that is still remembered.
    fn happened_to(&mut self, seq: i64, event: ConversationEvent) {
        if let Some(message) = self.place(seq).and_then(|place| self.newest.get_mut(place)) {
            message.apply(event);
        }
    }
}
