//! Applies the events of a conversation.

use domain::conversation::event::{ConversationChanged, ConversationCreated, ConversationEvent};
use domain::ids::{ConversationId, UserId};
use read_model::entry_type::EntryType;

use super::entry_data::{self, MemberList, to_json};
use super::fan_out::TimelineEntry;
use super::outcome::FoldError;
use super::sequence::check_sequence;
use super::state::Fold;
use crate::decode::EventPosition;
use crate::row_cache::ConversationState;
use crate::working_set::{RowChange, TrackedRow};

impl Fold<'_> {
    pub(super) fn apply_conversation(
        &mut self,
        at: EventPosition,
        id: &ConversationId,
        event: &ConversationEvent,
    ) -> Result<(), FoldError> {
        use ConversationEvent as E;
        if let E::ConversationCreated(created) = event {
            return self.apply_created(at, id, created);
        }
        let tracked = self
            .working_set
            .conversations
            .get(id)
            .ok_or("its conversation was never created")?;
        check_sequence(tracked.row.sequence, at.sequence)?;
        // Works on a copy, so that an event that cannot be folded changes nothing.
        let mut conversation = tracked.row.clone();
        match event {
            E::ConversationCreated(_) => {}
            E::ConversationChanged(changed) => {
                self.apply_changed(at, id, &mut conversation, changed)?;
            }
            E::MemberAdded(added) => self.apply_member_added(at, &mut conversation, added)?,
            E::MemberRemoved(removed) => {
                self.apply_member_removed(at, &mut conversation, removed)?;
            }
            E::MemberRoleChanged(changed) => {
                self.apply_role_changed(at, &mut conversation, changed)?;
            }
            E::MessageSent(sent) => self.apply_sent(at, &mut conversation, sent)?,
            E::MessageEdited(edited) => self.apply_edited(at, &mut conversation, edited)?,
            E::MessageRecalled(recalled) => self.apply_recalled(at, &mut conversation, recalled)?,
            E::ReactionAdded(added) => self.apply_reaction(at, &mut conversation, added, true)?,
            E::ReactionRemoved(gone) => self.apply_reaction(at, &mut conversation, gone, false)?,
            E::MessageErased(erased) => self.apply_erased(at, &mut conversation, erased)?,
            E::MessageRestored(restored) => self.apply_restored(at, &mut conversation, restored)?,
            E::MessagePinned(pin) => self.apply_pin(at, &mut conversation, pin, true)?,
            E::MessageUnpinned(pin) => self.apply_pin(at, &mut conversation, pin, false)?,
            E::TitleErased(erased) => {
                self.apply_title_erased(at, id, &mut conversation, &erased.by)?;
            }
            E::ConversationPolicyChanged(_)
            | E::MemberSilenced(_)
            | E::MemberUnsilenced(_)
            | E::MemberBanned(_)
            | E::MemberUnbanned(_)
            | E::JoinRequested(_)
            | E::JoinRequestDeclined(_)
            | E::LinkCreated(_)
            | E::LinkEnded(_) => self.apply_access(at, id, &mut conversation, event)?,
            E::SessionOpened(_)
            | E::SessionAccepted(_)
            | E::SessionTransferred(_)
            | E::SessionClosed(_)
            | E::SessionNoted(_)
            | E::SessionTagged(_)
            | E::SessionRated(_)
            | E::SessionReminded(_) => self.apply_session(at, id, &mut conversation, event)?,
            E::Invited(invited) => self.apply_invited(at, id, &conversation, invited)?,
            E::InvitationEnded(ended) => {
                self.apply_invitation_ended(at, id, &conversation, ended)?;
            }
        }
        conversation.sequence = at.sequence;
        if let Some(tracked) = self.working_set.conversations.get_mut(id) {
            *tracked.mark(RowChange::Row) = conversation;
        }
        Ok(())
    }

    fn apply_created(
        &mut self,
        at: EventPosition,
        id: &ConversationId,
        created: &ConversationCreated,
    ) -> Result<(), FoldError> {
        let known = self.working_set.conversations.get(id);
        check_sequence(known.map_or(0, |tracked| tracked.row.sequence), at.sequence)?;
        if known.is_some() {
            return Err("its conversation was created before".into());
        }
        let mut names: Vec<_> = created.members.iter().map(|first| &first.user).collect();
        names.sort_unstable();
        names.dedup();
        if names.len() != created.members.len() {
            return Err("it names a member twice".into());
        }
        let details = entry_data::ConversationData {
            id: id.clone(),
            kind: created.kind,
            title: created.title.clone(),
            history: created.history,
            by: Some(created.by.clone()),
            members: Some(MemberList::new(&created.members)),
        };
        let data = to_json(&details)?;
        let mut conversation = self.create_conversation(at, created);
        for first in &created.members {
            let user = self.assign_user_id(&first.user);
            let joined_at = conversation.created_at;
            self.begin_membership(at, &mut conversation, user, first.role, joined_at);
        }
        self.record_conversation(at, &conversation);
        let recipients = conversation.member_count;
        let entry = TimelineEntry {
            kind: EntryType::ConversationCreated,
            subject: None,
            seq: None,
            data,
        };
        self.add_member_entry(&mut conversation, at, recipients, entry);
        self.working_set
            .conversations
            .insert(id.clone(), TrackedRow::new(conversation));
        Ok(())
    }

    fn create_conversation(
        &mut self,
        at: EventPosition,
        created: &ConversationCreated,
    ) -> ConversationState {
        self.working_set.conversation_count += 1;
        ConversationState {
            id: self.working_set.conversation_count,
            kind: created.kind,
            title: created.title.clone(),
            history: created.history,
            created_at: created.created_at.unwrap_or(at.time),
            member_count: 0,
            head_seq: 0,
            countable: 0,
            last_seq: None,
            activity: at.position,
            unfanned: 0,
            head_position: 0,
            joins: 0,
            sequence: at.sequence,
        }
    }

    fn apply_changed(
        &mut self,
        at: EventPosition,
        id: &ConversationId,
        conversation: &mut ConversationState,
        changed: &ConversationChanged,
    ) -> Result<(), FoldError> {
        let ConversationChanged {
            title,
            history,
            by,
            // Only moderators see it, in their cases.
            flags: _,
        } = changed;
        let details = entry_data::ConversationData {
            id: id.clone(),
            kind: conversation.kind,
            title: title.clone(),
            history: *history,
            by: Some(by.clone()),
            members: None,
        };
        let data = to_json(&details)?;
        conversation.title.clone_from(title);
        conversation.history = *history;
        self.record_conversation(at, conversation);
        let recipients = conversation.member_count;
        let entry = TimelineEntry {
            kind: EntryType::ConversationChanged,
            subject: None,
            seq: None,
            data,
        };
        self.add_member_entry(conversation, at, recipients, entry);
        Ok(())
    }

    /// Removes the title, notifies the members of that, and deletes earlier titles, and what else
    /// users wrote about the conversation, from entries and history.
    fn apply_title_erased(
        &mut self,
        at: EventPosition,
        id: &ConversationId,
        conversation: &mut ConversationState,
        by: &UserId,
    ) -> Result<(), FoldError> {
        for row in &mut self.rows.timeline {
            if row.conversation == conversation.id
                && entry_data::TITLED_ENTRY_TYPES.contains(&row.kind)
            {
                row.data = row
                    .data
                    .as_deref()
                    .map(|data| entry_data::clear_title(row.kind, data))
                    .transpose()?;
            }
        }
        for version in &mut self.rows.conversation_history {
            if version.conversation == conversation.id {
                version.title = None;
            }
        }
        self.rows.access.erase_texts(conversation.id);
        self.rows.sessions.erase_conversation(conversation.id);
        self.rows.erased_titles.insert(conversation.id, at.position);
        let untitled = ConversationChanged {
            title: None,
            history: conversation.history,
            by: by.clone(),
            flags: Vec::new(),
        };
        self.apply_changed(at, id, conversation, &untitled)
    }
}
