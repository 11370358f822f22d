//! Applies the events of a user's mailbox.
//!
//! An event that refers to a conversation that does not exist, or to a membership period that is
//! over, changes nothing: the mailbox aggregate cannot know that. An event that refers to a parked
//! conversation is parked alone; later events of the mailbox are folded.

use domain::envelope::AggregateKind;
use domain::ids::{ConversationId, UserId};
use domain::mailbox::event::{DeviceAcked, MailboxEvent, PreferencesChanged, ReadMark};

use super::audience::Entry;
use super::entry::{Delivered, HasRead, Preferences, json};
use super::{Fold, Impossible, Outcome, check_sequence};
use crate::decode::Place;
use crate::memory::{Conversation, Member, User};
use crate::picture::{Change, Held};
use crate::rows::{Ack, DeviceRow};

impl Fold<'_> {
    pub(super) fn mailbox(
        &mut self,
        at: Place,
        owner: &UserId,
        event: &MailboxEvent,
    ) -> Result<Outcome, Impossible> {
        let known = self
            .picture
            .users
            .get(owner)
            .map_or(0, |user| user.now.sequence);
        check_sequence(known, at.sequence)?;
        let user = self.number(owner);
        if let Some(tracked) = self.picture.users.get_mut(owner) {
            *tracked.touch(Change::Row) = User {
                id: user,
                sequence: at.sequence,
            };
        }
        if let Some(source) = conversation_of(event).and_then(|id| self.parked_conversation(id)) {
            return Ok(Outcome::Waits(source));
        }
        match event {
            MailboxEvent::DeviceAcked(acked) => self.acked(at, owner, user, acked)?,
            MailboxEvent::ConversationRead(mark) => self.marked(at, owner, user, mark, false)?,
            MailboxEvent::ConversationMarkedUnread(mark) => {
                self.marked(at, owner, user, mark, true)?;
            }
            MailboxEvent::PreferencesChanged(changed) => self.preferred(at, user, changed)?,
            MailboxEvent::UserBlocked(block) => self.blocked(user, &block.user, true),
            MailboxEvent::UserUnblocked(block) => self.blocked(user, &block.user, false),
        }
        Ok(Outcome::Folded)
    }

    /// Applies a read mark. A normal read only moves the mark forward and produces a read receipt.
    /// A mark set by the user may move anywhere, and only that user gets the entry: a read receipt
    /// is never withdrawn.
    fn marked(
        &mut self,
        at: Place,
        owner: &UserId,
        user: i64,
        mark: &ReadMark,
        is_explicit: bool,
    ) -> Result<(), Impossible> {
        let read_seq = mark.read_seq;
        let data = json(&HasRead {
            user: owner,
            read_seq,
        })?;
        let Some(conversation) = self.conversation_named(&mark.conversation) else {
            return Ok(());
        };
        let Some(member) = self.in_stay(&conversation, user, mark.stay) else {
            return Ok(());
        };
        let member = member.touch(Change::Marks);
        member.read_seq = if is_explicit {
            read_seq
        } else {
            member.read_seq.max(read_seq)
        };
        member.read_high = member.read_high.max(read_seq);
        self.note_member(at, (conversation.id, user));
        let entry = Entry {
            kind: "conversation_read",
            subject: Some(user),
            seq: None,
            data,
        };
        if is_explicit {
            self.tell_one(conversation.id, at, user, entry);
        } else {
            self.tell_of_receipt(&conversation, at, user, entry);
        }
        Ok(())
    }

    fn preferred(
        &mut self,
        at: Place,
        user: i64,
        changed: &PreferencesChanged,
    ) -> Result<(), Impossible> {
        let &PreferencesChanged {
            muted,
            pinned,
            archived,
            mentions,
            stay,
            ..
        } = changed;
        let data = json(&Preferences {
            muted,
            pinned,
            archived,
            mentions,
        })?;
        let Some(conversation) = self.conversation_named(&changed.conversation) else {
            return Ok(());
        };
        let Some(member) = self.in_stay(&conversation, user, stay) else {
            return Ok(());
        };
        let member = member.touch(Change::Row);
        *member = Member {
            muted,
            pinned,
            archived,
            mentions,
            ..*member
        };
        self.note_member(at, (conversation.id, user));
        let entry = Entry {
            kind: "preferences_changed",
            subject: Some(user),
            seq: None,
            data,
        };
        self.tell_one(conversation.id, at, user, entry);
        Ok(())
    }

    fn acked(
        &mut self,
        at: Place,
        owner: &UserId,
        user: i64,
        acked: &DeviceAcked,
    ) -> Result<(), Impossible> {
        let &DeviceAcked {
            ref device,
            cursor,
            previous,
        } = acked;
        let data = serde_json::to_string(&Delivered {
            user: owner,
            position: cursor,
        })?;
        self.rows.ack_history.push((user, at.position, cursor));
        let row = DeviceRow {
            cursor,
            position: at.position,
            acked_at: at.time,
        };
        self.rows
            .devices
            .entry((user, device.clone()))
            .and_modify(|device| {
                if device.cursor < cursor {
                    *device = DeviceRow { ..row };
                }
            })
            .or_insert(row);
        if at.position > self.floor && previous < cursor {
            let position = at.position;
            self.rows.acks.push(Ack {
                position,
                at: at.time,
                user,
                previous,
                cursor,
                data,
            });
        }
        Ok(())
    }

    fn blocked(&mut self, user: i64, other: &UserId, is_blocked: bool) {
        let other = self.number(other);
        self.rows.blocks.insert((user, other), is_blocked);
    }

    fn conversation_named(&self, id: &ConversationId) -> Option<Conversation> {
        self.picture
            .conversations
            .get(id)
            .map(|tracked| tracked.now.clone())
    }

    /// The membership, if the user is currently a member and this is their current period.
    fn in_stay(
        &mut self,
        conversation: &Conversation,
        user: i64,
        stay: i64,
    ) -> Option<&mut Held<Member>> {
        let member = self.picture.present((conversation.id, user))?;
        (member.now.joined_order == stay).then_some(member)
    }

    fn parked_conversation(&self, id: &ConversationId) -> Option<String> {
        if self.picture.parked.is_empty() {
            return None;
        }
        let source = source_of(id);
        self.picture.parked.contains(&source).then_some(source)
    }
}

/// The conversation that a mailbox event refers to.
pub(crate) fn conversation_of(event: &MailboxEvent) -> Option<&ConversationId> {
    match event {
        MailboxEvent::ConversationRead(mark) | MailboxEvent::ConversationMarkedUnread(mark) => {
            Some(&mark.conversation)
        }
        MailboxEvent::PreferencesChanged(changed) => Some(&changed.conversation),
        MailboxEvent::DeviceAcked(_)
        | MailboxEvent::UserBlocked(_)
        | MailboxEvent::UserUnblocked(_) => None,
    }
}

/// The event source of a conversation.
pub(crate) fn source_of(id: &ConversationId) -> String {
    format!("{}{id}", AggregateKind::Conversation.source_prefix())
}
