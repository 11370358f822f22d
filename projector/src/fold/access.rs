//! Applies the events about policies, silences and bans, join requests and links.

use domain::conversation::access_event::{
    ConversationPolicyChanged, JoinRequestDeclined, JoinRequested, LinkCreated, LinkEnded,
    MemberSanction, SanctionLifted,
};
use domain::conversation::event::ConversationEvent;
use domain::ids::{ConversationId, UserId};
use read_model::entry_type::EntryType;

use super::entry_data::{
    JoinRequestData, JoinRequestEndedData, PolicyData, SanctionData, SanctionLiftedData, to_json,
};
use super::fan_out::TimelineEntry;
use super::outcome::FoldError;
use super::state::Fold;
use crate::access_rows::{JoinRequestRow, LinkRow, PolicyVersion, SanctionRow};
use crate::decode::EventPosition;
use crate::row_cache::ConversationState;

impl Fold<'_> {
    /// Applies one of these events; no other event has an effect.
    pub(super) fn apply_access(
        &mut self,
        at: EventPosition,
        id: &ConversationId,
        conversation: &mut ConversationState,
        event: &ConversationEvent,
    ) -> Result<(), FoldError> {
        use ConversationEvent as E;
        match event {
            E::ConversationPolicyChanged(changed) => {
                self.apply_policy(at, conversation, changed)?;
            }
            E::MemberSilenced(sanction) | E::MemberBanned(sanction) => {
                let is_ban = matches!(event, E::MemberBanned(_));
                self.apply_sanction(at, conversation, sanction, is_ban)?;
            }
            E::MemberUnsilenced(lifted) | E::MemberUnbanned(lifted) => {
                let is_ban = matches!(event, E::MemberUnbanned(_));
                self.apply_sanction_lifted(at, conversation, lifted, is_ban)?;
            }
            E::JoinRequested(requested) => {
                self.apply_join_requested(at, id, conversation, requested)?;
            }
            E::JoinRequestDeclined(declined) => {
                self.apply_declined(at, id, conversation, declined)?;
            }
            E::LinkCreated(created) => self.apply_link_created(at, conversation, created),
            E::LinkEnded(LinkEnded { link, .. }) => {
                self.rows.access.end_link((conversation.id, link.clone()));
            }
            _ => {}
        }
        Ok(())
    }

    fn apply_policy(
        &mut self,
        at: EventPosition,
        conversation: &mut ConversationState,
        changed: &ConversationPolicyChanged,
    ) -> Result<(), FoldError> {
        let ConversationPolicyChanged {
            policy,
            by,
            // Only moderators see it, in their cases.
            flags: _,
        } = changed;
        let data = to_json(&PolicyData {
            policy: policy.clone(),
            by: by.clone(),
        })?;
        self.rows.access.policies.push(PolicyVersion {
            conversation: conversation.id,
            position: at.position,
            policy: policy.clone(),
        });
        let kind = EntryType::ConversationPolicyChanged;
        self.add_access_entry(at, conversation, kind, None, data);
        Ok(())
    }

    fn apply_sanction(
        &mut self,
        at: EventPosition,
        conversation: &mut ConversationState,
        sanction: &MemberSanction,
        is_ban: bool,
    ) -> Result<(), FoldError> {
        let MemberSanction {
            user,
            until,
            reason,
            by,
        } = sanction;
        let until = *until;
        let data = to_json(&SanctionData { user, until, by })?;
        let subject = self.assign_user_id(user);
        let key = (conversation.id, subject);
        let row = SanctionRow {
            position: at.position,
            at: at.time,
            until,
            reason: reason.clone(),
            by: by.clone(),
        };
        let kind = if is_ban {
            self.rows.access.join_requests.insert(key, None);
            self.rows.access.bans.insert(key, Some(row));
            EntryType::MemberBanned
        } else {
            self.rows.access.silences.insert(key, Some(row));
            EntryType::MemberSilenced
        };
        self.add_access_entry(at, conversation, kind, Some(subject), data);
        Ok(())
    }

    fn apply_sanction_lifted(
        &mut self,
        at: EventPosition,
        conversation: &mut ConversationState,
        lifted: &SanctionLifted,
        is_ban: bool,
    ) -> Result<(), FoldError> {
        let SanctionLifted { user, by } = lifted;
        let data = to_json(&SanctionLiftedData { user, by })?;
        let subject = self.assign_user_id(user);
        let key = (conversation.id, subject);
        let kind = if is_ban {
            self.rows.access.bans.insert(key, None);
            EntryType::MemberUnbanned
        } else {
            self.rows.access.silences.insert(key, None);
            EntryType::MemberUnsilenced
        };
        self.add_access_entry(at, conversation, kind, Some(subject), data);
        Ok(())
    }

    fn apply_join_requested(
        &mut self,
        at: EventPosition,
        id: &ConversationId,
        conversation: &ConversationState,
        requested: &JoinRequested,
    ) -> Result<(), FoldError> {
        let JoinRequested { user, note, admins } = requested;
        let key = (conversation.id, self.assign_user_id(user));
        let row = JoinRequestRow {
            position: at.position,
            at: at.time,
            note: note.clone(),
        };
        self.rows.access.join_requests.insert(key, Some(row));
        let data = to_json(&JoinRequestData { id, user })?;
        self.add_request_entries(at, EntryType::JoinRequested, user, admins, data.as_deref());
        Ok(())
    }

    fn apply_declined(
        &mut self,
        at: EventPosition,
        id: &ConversationId,
        conversation: &ConversationState,
        declined: &JoinRequestDeclined,
    ) -> Result<(), FoldError> {
        let JoinRequestDeclined { user, by, admins } = declined;
        let key = (conversation.id, self.assign_user_id(user));
        self.rows.access.join_requests.insert(key, None);
        let outcome = if user == by { "withdrawn" } else { "declined" };
        let data = to_json(&JoinRequestEndedData { id, user, outcome })?;
        self.add_request_entries(
            at,
            EntryType::JoinRequestEnded,
            user,
            admins,
            data.as_deref(),
        );
        Ok(())
    }

    /// Adds an entry without a conversation for the user who asked to join, who is no member, and
    /// for each admin who learns of it.
    fn add_request_entries(
        &mut self,
        at: EventPosition,
        kind: EntryType,
        user: &UserId,
        admins: &[UserId],
        data: Option<&str>,
    ) {
        for recipient in admins.iter().chain([user]) {
            let recipient = self.assign_user_id(recipient);
            self.add_private_entry(at, recipient, kind, data.map(str::to_owned));
        }
    }

    fn apply_link_created(
        &mut self,
        at: EventPosition,
        conversation: &ConversationState,
        created: &LinkCreated,
    ) {
        let LinkCreated {
            link,
            max_uses,
            expires_at,
            by,
        } = created;
        let row = LinkRow {
            position: at.position,
            at: at.time,
            max_uses: *max_uses,
            expires_at: *expires_at,
            uses: 0,
            by: by.clone(),
        };
        let key = (conversation.id, link.clone());
        self.rows.access.links.insert(key, Some(row));
    }

    /// Adds an entry for all members.
    fn add_access_entry(
        &mut self,
        at: EventPosition,
        conversation: &mut ConversationState,
        kind: EntryType,
        subject: Option<i64>,
        data: Option<String>,
    ) {
        let recipients = conversation.member_count;
        let entry = TimelineEntry {
            kind,
            subject,
            seq: None,
            data,
        };
        self.add_member_entry(conversation, at, recipients, entry);
    }
}
