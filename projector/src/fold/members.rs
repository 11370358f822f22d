//! Applies joins, leaves and role changes.

use domain::conversation::event::{MemberAdded, MemberRemoved, MemberRoleChanged, Role};
use domain::ids::UserId;

use super::audience::Entry;
use super::entry::{Gone, HasRole, json};
use super::{Fold, Impossible};
use crate::decode::Place;
use crate::memory::{Conversation, Member, MemberKey};
use crate::picture::{Change, Held};
use crate::rows::{StayEnd, StayRow};

impl Fold<'_> {
    pub(super) fn added(
        &mut self,
        at: Place,
        conversation: &mut Conversation,
        added: &MemberAdded,
    ) -> Result<(), Impossible> {
        let MemberAdded { user, role, by } = added;
        if self
            .key(conversation, user)
            .is_some_and(|key| self.picture.present(key).is_some())
        {
            return Err("it adds a member who is in".into());
        }
        let data = json(&HasRole {
            user,
            role: *role,
            by,
        })?;
        let subject = self.number(user);
        self.join(at, conversation, subject, *role);
        self.note_conversation(at, conversation);
        let recipients = conversation.member_count;
        let entry = Entry {
            kind: "member_added",
            subject: Some(subject),
            seq: None,
            data,
        };
        self.tell_members(conversation, at, recipients, entry);
        Ok(())
    }

    pub(super) fn removed(
        &mut self,
        at: Place,
        conversation: &mut Conversation,
        removed: &MemberRemoved,
    ) -> Result<(), Impossible> {
        let MemberRemoved { user, by } = removed;
        let data = json(&Gone { user, by })?;
        let key = self
            .key(conversation, user)
            .ok_or("it removes a stranger")?;
        let member = self
            .picture
            .present(key)
            .ok_or("it removes who is not a member")?;
        member.touch(Change::Row).present = false;
        self.note_member(at, key);
        self.end_stay(at, conversation, key);
        let recipients = conversation.member_count;
        conversation.member_count -= 1;
        self.note_conversation(at, conversation);
        let entry = Entry {
            kind: "member_removed",
            subject: Some(key.1),
            seq: None,
            data,
        };
        self.tell_members(conversation, at, recipients, entry);
        Ok(())
    }

    pub(super) fn role_changed(
        &mut self,
        at: Place,
        conversation: &mut Conversation,
        changed: &MemberRoleChanged,
    ) -> Result<(), Impossible> {
        let MemberRoleChanged { user, role, by } = changed;
        let data = json(&HasRole {
            user,
            role: *role,
            by,
        })?;
        let key = self
            .key(conversation, user)
            .ok_or("it gives a role to a stranger")?;
        let member = self
            .picture
            .present(key)
            .ok_or("it gives a role to who is not a member")?;
        member.touch(Change::Row).role = *role;
        self.note_member(at, key);
        let recipients = conversation.member_count;
        let entry = Entry {
            kind: "member_role_changed",
            subject: Some(key.1),
            seq: None,
            data,
        };
        self.tell_members(conversation, at, recipients, entry);
        Ok(())
    }

    /// Begins a membership period. Read marks start at the head of the conversation; mute, pin and
    /// archive are reset.
    pub(super) fn join(
        &mut self,
        at: Place,
        conversation: &mut Conversation,
        user: i64,
        role: Role,
    ) {
        let key = (conversation.id, user);
        let head = conversation.head_seq;
        conversation.joins += 1;
        conversation.member_count += 1;
        let before = self.picture.members.get(&key).map(|member| member.now);
        let member = Member {
            present: true,
            role,
            joined_at: at.time,
            joined_order: conversation.joins,
            joined_seq: head,
            read_seq: head,
            read_high: before.map_or(head, |member| member.read_high.max(head)),
            own_seq: before.map_or(0, |member| member.own_seq),
            muted: false,
            pinned: false,
            archived: false,
            mentions: true,
        };
        match self.picture.members.get_mut(&key) {
            Some(known) => *known.touch(Change::Row) = member,
            None => {
                self.picture.members.insert(key, Held::new(member));
            }
        }
        self.note_member(at, key);
        self.rows.open_stays.insert(key, self.rows.stays.len());
        self.rows.stays.push(StayRow {
            key,
            from_position: at.position,
            to_position: None,
            after_seq: head,
            until_seq: None,
        });
        self.rows.joins_and_leaves += 1;
    }

    fn end_stay(&mut self, at: Place, conversation: &Conversation, key: MemberKey) {
        let until_seq = conversation.head_seq;
        self.rows.joins_and_leaves += 1;
        let period_of_batch = self.rows.open_stays.remove(&key);
        if let Some(period) = period_of_batch.and_then(|index| self.rows.stays.get_mut(index)) {
            period.to_position = Some(at.position);
            period.until_seq = Some(until_seq);
        } else {
            self.rows.ended_stays.push(StayEnd {
                key,
                to_position: at.position,
                until_seq,
            });
        }
    }

    /// The membership key of a user; `None` if the user has no id and so was never a member.
    pub(super) fn key(&self, conversation: &Conversation, user: &UserId) -> Option<MemberKey> {
        Some((conversation.id, self.picture.users.get(user)?.now.id))
    }
}
