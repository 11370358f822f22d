//! Applies the events of a user's mailbox.
//!
//! An event that refers to a conversation that does not exist, or to a membership period that is
//! over, changes nothing: the mailbox aggregate cannot know that. An event that refers to a parked
//! conversation is parked alone; later events of the mailbox are folded.

use domain::envelope::AggregateKind;
use domain::ids::{ConversationId, UserId};
use domain::mailbox::event::{
    ClearedHistory, DeviceAcked, MailboxEvent, PreferencesChanged, ReadMark,
};
use read_model::entry_type::EntryType;

use super::entry_data::{
    ClearedData, DeliveryReceiptData, PreferencesData, ReadReceiptData, to_json,
};
use super::fan_out::TimelineEntry;
use super::outcome::{FoldError, FoldOutcome};
use super::sequence::check_sequence;
use super::state::Fold;
use crate::decode::EventPosition;
use crate::row_cache::{ConversationState, MemberState};
use crate::rows::{DeviceAck, DeviceRow};
use crate::working_set::{RowChange, TrackedRow};

impl Fold<'_> {
    pub(super) fn apply_mailbox(
        &mut self,
        at: EventPosition,
        owner: &UserId,
        event: &MailboxEvent,
    ) -> Result<FoldOutcome, FoldError> {
        let known = self
            .working_set
            .users
            .get(owner)
            .map_or(0, |user| user.row.sequence);
        check_sequence(known, at.sequence)?;
        let user = self.assign_user_id(owner);
        if let Some(tracked) = self.working_set.users.get_mut(owner) {
            tracked.mark(RowChange::Row).sequence = at.sequence;
        }
        if let Some(source) =
            conversation_of(event).and_then(|id| self.parked_conversation_source(id))
        {
            return Ok(FoldOutcome::Blocked(source));
        }
        match event {
            MailboxEvent::DeviceAcked(acked) => self.apply_ack(at, owner, user, acked)?,
            MailboxEvent::ConversationRead(mark) => {
                self.apply_read_mark(at, owner, user, mark, false)?;
            }
            MailboxEvent::ConversationMarkedUnread(mark) => {
                self.apply_read_mark(at, owner, user, mark, true)?;
            }
            MailboxEvent::PreferencesChanged(changed) => {
                self.apply_preferences(at, user, changed)?;
            }
            MailboxEvent::ConversationCleared(cleared) => self.apply_cleared(at, user, cleared)?,
            MailboxEvent::UserBlocked(block) => self.apply_block(user, &block.user, true),
            MailboxEvent::UserUnblocked(block) => self.apply_block(user, &block.user, false),
            MailboxEvent::ContactRequested(_)
            | MailboxEvent::ContactAdded(_)
            | MailboxEvent::ContactRemoved(_) => self.apply_contact_event(at, owner, event)?,
            MailboxEvent::ThreadFollowed(thread) => {
                self.apply_thread_followed(at, user, thread, true)?;
            }
            MailboxEvent::ThreadUnfollowed(thread) => {
                self.apply_thread_followed(at, user, thread, false)?;
            }
            MailboxEvent::ThreadRead(mark) => self.apply_thread_read(at, user, mark)?,
            MailboxEvent::MessageScheduled(_)
            | MailboxEvent::ScheduledMessageChanged(_)
            | MailboxEvent::ScheduledMessageCancelled(_)
            | MailboxEvent::ScheduledMessageSent(_)
            | MailboxEvent::ScheduledMessageFailed(_) => {
                self.apply_scheduled(at, user, event)?;
            }
            MailboxEvent::NotesErased(_) => self.apply_notes_erased(at, user, owner)?,
            MailboxEvent::MessageHeld(_)
            | MailboxEvent::HeldMessageReleased(_)
            | MailboxEvent::HeldMessageRefused(_) => self.apply_held(at, user, event)?,
            MailboxEvent::PushRegistered(registered) => {
                self.apply_push_registered(at, user, registered);
            }
            MailboxEvent::PushDropped(dropped) => self.apply_push_dropped(user, &dropped.device),
            MailboxEvent::DeviceRemoved(removed) => {
                self.apply_device_removed(user, &removed.device);
            }
        }
        Ok(FoldOutcome::Folded)
    }

    /// Applies a read mark. A normal read only moves the mark forward and produces a read receipt.
    /// A mark set by the user may move anywhere, and only that user gets the entry: a read receipt
    /// is never withdrawn.
    fn apply_read_mark(
        &mut self,
        at: EventPosition,
        owner: &UserId,
        user: i64,
        mark: &ReadMark,
        is_explicit: bool,
    ) -> Result<(), FoldError> {
        let read_seq = mark.read_seq;
        let data = to_json(&ReadReceiptData {
            user: owner,
            read_seq,
        })?;
        let Some(conversation) = self.find_conversation(&mark.conversation) else {
            return Ok(());
        };
        let Some(member) = self.member_in_period(&conversation, user, mark.stay) else {
            return Ok(());
        };
        let member = member.mark(RowChange::Marks);
        member.read_seq = if is_explicit {
            read_seq
        } else {
            member.read_seq.max(read_seq)
        };
        member.read_high = member.read_high.max(read_seq);
        self.record_member(at, (conversation.id, user));
        let entry = TimelineEntry {
            kind: EntryType::ConversationRead,
            subject: Some(user),
            seq: None,
            data,
        };
        let is_shown = conversation.shows_all_receipts() || self.sends_read_receipts(owner);
        let is_private = is_explicit || !is_shown;
        if is_private {
            self.add_personal_entry(conversation.id, at, user, entry);
        } else {
            self.add_receipt_entry(&conversation, at, user, entry);
        }
        Ok(())
    }

    fn sends_read_receipts(&self, user: &UserId) -> bool {
        let user = self.working_set.users.get(user);
        user.is_none_or(|user| user.row.read_receipts)
    }

    fn apply_preferences(
        &mut self,
        at: EventPosition,
        user: i64,
        changed: &PreferencesChanged,
    ) -> Result<(), FoldError> {
        let &PreferencesChanged {
            muted,
            pinned,
            archived,
            mentions,
            stay,
            ..
        } = changed;
        let data = to_json(&PreferencesData {
            muted,
            pinned,
            archived,
            mentions,
        })?;
        let Some(conversation) = self.find_conversation(&changed.conversation) else {
            return Ok(());
        };
        let Some(member) = self.member_in_period(&conversation, user, stay) else {
            return Ok(());
        };
        let member = member.mark(RowChange::Row);
        *member = MemberState {
            muted,
            pinned,
            archived,
            mentions,
            ..*member
        };
        self.record_member(at, (conversation.id, user));
        let entry = TimelineEntry {
            kind: EntryType::PreferencesChanged,
            subject: Some(user),
            seq: None,
            data,
        };
        self.add_personal_entry(conversation.id, at, user, entry);
        Ok(())
    }

    /// Hides the beginning of a conversation from the user. Unlike a read mark, a clear does not
    /// belong to a membership period: it also holds after the user has left and rejoined.
    fn apply_cleared(
        &mut self,
        at: EventPosition,
        user: i64,
        cleared: &ClearedHistory,
    ) -> Result<(), FoldError> {
        let up_to = cleared.up_to;
        let data = to_json(&ClearedData { up_to })?;
        let Some(conversation) = self.find_conversation(&cleared.conversation) else {
            return Ok(());
        };
        let key = (conversation.id, user);
        let Some(member) = self.working_set.members.get_mut(&key) else {
            return Ok(());
        };
        let member = member.mark(RowChange::Row);
        member.cleared_seq = member.cleared_seq.max(up_to);
        let is_member = member.present;
        self.record_member(at, key);
        if !is_member {
            return Ok(());
        }
        let entry = TimelineEntry {
            kind: EntryType::ConversationCleared,
            subject: Some(user),
            seq: None,
            data,
        };
        self.add_personal_entry(conversation.id, at, user, entry);
        Ok(())
    }

    fn apply_ack(
        &mut self,
        at: EventPosition,
        owner: &UserId,
        user: i64,
        acked: &DeviceAcked,
    ) -> Result<(), FoldError> {
        let &DeviceAcked {
            ref device,
            cursor,
            previous,
        } = acked;
        let data = serde_json::to_string(&DeliveryReceiptData {
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
            self.rows.acks.push(DeviceAck {
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

    fn apply_block(&mut self, user: i64, other: &UserId, is_blocked: bool) {
        let other = self.assign_user_id(other);
        self.rows.blocks.insert((user, other), is_blocked);
    }

    pub(super) fn find_conversation(&self, id: &ConversationId) -> Option<ConversationState> {
        self.working_set
            .conversations
            .get(id)
            .map(|tracked| tracked.row.clone())
    }

    /// The membership, if the user is currently a member and this is their current period.
    fn member_in_period(
        &mut self,
        conversation: &ConversationState,
        user: i64,
        stay: i64,
    ) -> Option<&mut TrackedRow<MemberState>> {
        let member = self.working_set.present_member((conversation.id, user))?;
        (member.row.joined_order == stay).then_some(member)
    }

    fn parked_conversation_source(&self, id: &ConversationId) -> Option<String> {
        if self.working_set.parked.is_empty() {
            return None;
        }
        let source = conversation_source(id);
        self.working_set.parked.contains(&source).then_some(source)
    }
}

/// The conversation that a mailbox event refers to.
pub(crate) fn conversation_of(event: &MailboxEvent) -> Option<&ConversationId> {
    match event {
        MailboxEvent::ConversationRead(mark) | MailboxEvent::ConversationMarkedUnread(mark) => {
            Some(&mark.conversation)
        }
        MailboxEvent::PreferencesChanged(changed) => Some(&changed.conversation),
        MailboxEvent::ConversationCleared(cleared) => Some(&cleared.conversation),
        MailboxEvent::ThreadFollowed(thread) | MailboxEvent::ThreadUnfollowed(thread) => {
            Some(&thread.conversation)
        }
        MailboxEvent::ThreadRead(mark) => Some(&mark.conversation),
        MailboxEvent::MessageScheduled(event) => Some(&event.conversation),
        MailboxEvent::ScheduledMessageChanged(event) => Some(&event.conversation),
        MailboxEvent::ScheduledMessageCancelled(event) => Some(&event.conversation),
        MailboxEvent::ScheduledMessageSent(event) => Some(&event.conversation),
        MailboxEvent::ScheduledMessageFailed(event) => Some(&event.conversation),
        MailboxEvent::MessageHeld(event) => Some(&event.conversation),
        MailboxEvent::HeldMessageReleased(event) => Some(&event.conversation),
        MailboxEvent::HeldMessageRefused(event) => Some(&event.conversation),
        MailboxEvent::DeviceAcked(_)
        | MailboxEvent::DeviceRemoved(_)
        | MailboxEvent::PushRegistered(_)
        | MailboxEvent::PushDropped(_)
        | MailboxEvent::NotesErased(_)
        | MailboxEvent::UserBlocked(_)
        | MailboxEvent::UserUnblocked(_)
        | MailboxEvent::ContactRequested(_)
        | MailboxEvent::ContactAdded(_)
        | MailboxEvent::ContactRemoved(_) => None,
    }
}

/// The event source of a conversation.
pub(crate) fn conversation_source(id: &ConversationId) -> String {
    format!("{}{id}", AggregateKind::Conversation.source_prefix())
}
