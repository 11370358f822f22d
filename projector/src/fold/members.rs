//! Applies joins, leaves and role changes.

use domain::conversation::event::{MemberAdded, MemberRemoved, MemberRoleChanged, Role};
use domain::ids::UserId;
use domain::time::Timestamp;
use read_model::entry_type::EntryType;

use super::entry_data::{MemberRemovedData, MemberRoleData, to_json};
use super::fan_out::TimelineEntry;
use super::outcome::FoldError;
use super::state::Fold;
use crate::decode::EventPosition;
use crate::row_cache::{ConversationState, MemberKey, MemberState};
use crate::rows::{MembershipPeriodEnd, MembershipPeriodRow};
use crate::working_set::{RowChange, TrackedRow};

impl Fold<'_> {
    pub(super) fn apply_member_added(
        &mut self,
        at: EventPosition,
        conversation: &mut ConversationState,
        added: &MemberAdded,
    ) -> Result<(), FoldError> {
        let MemberAdded {
            user,
            role,
            by,
            joined_at,
            link,
        } = added;
        if self
            .member_key(conversation, user)
            .is_some_and(|key| self.working_set.present_member(key).is_some())
        {
            return Err("it adds a member who is in".into());
        }
        let data = to_json(&MemberRoleData {
            user,
            role: *role,
            by,
        })?;
        let subject = self.assign_user_id(user);
        let access = &mut self.rows.access;
        access
            .join_requests
            .insert((conversation.id, subject), None);
        if let Some(code) = link {
            access.use_link((conversation.id, code.clone()));
        }
        // Whichever way the user joined, an invitation is over.
        self.rows
            .invitations
            .insert((subject, conversation.id), None);
        let joined_at = joined_at.unwrap_or(at.time);
        self.begin_membership(at, conversation, subject, *role, joined_at);
        self.record_conversation(at, conversation);
        let recipients = conversation.member_count;
        let entry = TimelineEntry {
            kind: EntryType::MemberAdded,
            subject: Some(subject),
            seq: None,
            data,
        };
        self.add_member_entry(conversation, at, recipients, entry);
        Ok(())
    }

    pub(super) fn apply_member_removed(
        &mut self,
        at: EventPosition,
        conversation: &mut ConversationState,
        removed: &MemberRemoved,
    ) -> Result<(), FoldError> {
        let MemberRemoved { user, by } = removed;
        let data = to_json(&MemberRemovedData { user, by })?;
        let key = self
            .member_key(conversation, user)
            .ok_or("it removes a stranger")?;
        let member = self
            .working_set
            .present_member(key)
            .ok_or("it removes who is not a member")?;
        member.mark(RowChange::Row).present = false;
        self.record_member(at, key);
        self.end_membership(at, conversation, key);
        let recipients = conversation.member_count;
        conversation.member_count -= 1;
        self.record_conversation(at, conversation);
        let entry = TimelineEntry {
            kind: EntryType::MemberRemoved,
            subject: Some(key.1),
            seq: None,
            data,
        };
        self.add_member_entry(conversation, at, recipients, entry);
        Ok(())
    }

    pub(super) fn apply_role_changed(
        &mut self,
        at: EventPosition,
        conversation: &mut ConversationState,
        changed: &MemberRoleChanged,
    ) -> Result<(), FoldError> {
        let MemberRoleChanged { user, role, by } = changed;
        let data = to_json(&MemberRoleData {
            user,
            role: *role,
            by,
        })?;
        let key = self
            .member_key(conversation, user)
            .ok_or("it gives a role to a stranger")?;
        let member = self
            .working_set
            .present_member(key)
            .ok_or("it gives a role to who is not a member")?;
        member.mark(RowChange::Row).role = *role;
        self.record_member(at, key);
        let recipients = conversation.member_count;
        let entry = TimelineEntry {
            kind: EntryType::MemberRoleChanged,
            subject: Some(key.1),
            seq: None,
            data,
        };
        self.add_member_entry(conversation, at, recipients, entry);
        Ok(())
    }

    /// Begins a membership period. `joined_at` may be earlier than the event, for an import. Read
    /// marks start at the head of the conversation; mute, pin and archive are reset.
    pub(super) fn begin_membership(
        &mut self,
        at: EventPosition,
        conversation: &mut ConversationState,
        user: i64,
        role: Role,
        joined_at: Timestamp,
    ) {
        let key = (conversation.id, user);
        let head = conversation.head_seq;
        conversation.joins += 1;
        conversation.member_count += 1;
        let before = self.working_set.members.get(&key).map(|member| member.row);
        let member = MemberState {
            present: true,
            role,
            joined_at,
            joined_order: conversation.joins,
            joined_seq: head,
            read_seq: head,
            read_high: before.map_or(head, |member| member.read_high.max(head)),
            own_seq: before.map_or(0, |member| member.own_seq),
            muted: false,
            pinned: false,
            archived: false,
            mentions: true,
            cleared_seq: before.map_or(0, |member| member.cleared_seq),
        };
        match self.working_set.members.get_mut(&key) {
            Some(known) => *known.mark(RowChange::Row) = member,
            None => {
                self.working_set
                    .members
                    .insert(key, TrackedRow::new(member));
            }
        }
        self.record_member(at, key);
        self.rows
            .open_periods
            .insert(key, self.rows.membership_periods.len());
        self.rows.membership_periods.push(MembershipPeriodRow {
            key,
            from_position: at.position,
            to_position: None,
            after_seq: head,
            until_seq: None,
        });
        self.rows.joins_and_leaves += 1;
    }

    fn end_membership(
        &mut self,
        at: EventPosition,
        conversation: &ConversationState,
        key: MemberKey,
    ) {
        let until_seq = conversation.head_seq;
        self.rows.joins_and_leaves += 1;
        let period_of_batch = self.rows.open_periods.remove(&key);
        if let Some(period) =
            period_of_batch.and_then(|index| self.rows.membership_periods.get_mut(index))
        {
            period.to_position = Some(at.position);
            period.until_seq = Some(until_seq);
        } else {
            self.rows.ended_periods.push(MembershipPeriodEnd {
                key,
                to_position: at.position,
                until_seq,
            });
        }
    }

    /// The membership key of a user; `None` if the user has no id and so was never a member.
    pub(super) fn member_key(
        &self,
        conversation: &ConversationState,
        user: &UserId,
    ) -> Option<MemberKey> {
        Some((conversation.id, self.working_set.users.get(user)?.row.id))
    }
}
