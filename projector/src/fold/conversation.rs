//! Applies the events of a conversation.

use domain::conversation::event::{
    ConversationChanged, ConversationCreated, ConversationEvent, HistoryVisibility,
};
use domain::ids::{ConversationId, Title};

use super::audience::Entry;
use super::entry::{self, json};
use super::{Fold, Impossible, check_sequence};
use crate::decode::Place;
use crate::memory::Conversation;
use crate::picture::{Change, Held};

impl Fold<'_> {
    pub(super) fn conversation(
        &mut self,
        at: Place,
        id: &ConversationId,
        event: &ConversationEvent,
    ) -> Result<(), Impossible> {
        use ConversationEvent as E;
        if let E::ConversationCreated(created) = event {
            return self.created(at, id, created);
        }
        let tracked = self
            .picture
            .conversations
            .get(id)
            .ok_or("its conversation was never created")?;
        check_sequence(tracked.now.sequence, at.sequence)?;
        // Works on a copy, so that an event that cannot be folded changes nothing.
        let mut conversation = tracked.now.clone();
        match event {
            E::ConversationCreated(_) => {}
            E::ConversationChanged(changed) => {
                let ConversationChanged { title, history, .. } = changed;
                self.changed(at, id, &mut conversation, title.as_ref(), *history)?;
            }
            E::MemberAdded(added) => self.added(at, &mut conversation, added)?,
            E::MemberRemoved(removed) => self.removed(at, &mut conversation, removed)?,
            E::MemberRoleChanged(changed) => self.role_changed(at, &mut conversation, changed)?,
            E::MessageSent(sent) => self.sent(at, &mut conversation, sent)?,
            E::MessageEdited(edited) => self.edited(at, &mut conversation, edited)?,
            E::MessageRecalled(recalled) => self.recalled(at, &mut conversation, recalled)?,
            E::ReactionAdded(reaction) => self.reacted(at, &mut conversation, reaction, true)?,
            E::ReactionRemoved(reaction) => self.reacted(at, &mut conversation, reaction, false)?,
            E::MessageErased(erased) => self.erased(at, &mut conversation, erased)?,
            E::TitleErased(_) => self.title_erased(at, id, &mut conversation)?,
        }
        conversation.sequence = at.sequence;
        if let Some(tracked) = self.picture.conversations.get_mut(id) {
            *tracked.touch(Change::Row) = conversation;
        }
        Ok(())
    }

    fn created(
        &mut self,
        at: Place,
        id: &ConversationId,
        created: &ConversationCreated,
    ) -> Result<(), Impossible> {
        let known = self.picture.conversations.get(id);
        check_sequence(known.map_or(0, |tracked| tracked.now.sequence), at.sequence)?;
        if known.is_some() {
            return Err("its conversation was created before".into());
        }
        let mut names: Vec<_> = created.members.iter().map(|first| &first.user).collect();
        names.sort_unstable();
        names.dedup();
        if names.len() != created.members.len() {
            return Err("it names a member twice".into());
        }
        let details = entry::About {
            id,
            kind: created.kind,
            title: created.title.as_ref(),
            history: created.history,
        };
        let data = json(&details)?;
        let mut conversation = self.new_conversation(at, created);
        for first in &created.members {
            let user = self.number(&first.user);
            self.join(at, &mut conversation, user, first.role);
        }
        self.note_conversation(at, &conversation);
        let recipients = conversation.member_count;
        let entry = Entry {
            kind: "conversation_created",
            subject: None,
            seq: None,
            data,
        };
        self.tell_members(&mut conversation, at, recipients, entry);
        self.picture
            .conversations
            .insert(id.clone(), Held::new(conversation));
        Ok(())
    }

    fn new_conversation(&mut self, at: Place, created: &ConversationCreated) -> Conversation {
        self.picture.conversation_count += 1;
        Conversation {
            id: self.picture.conversation_count,
            kind: created.kind,
            title: created.title.clone(),
            history: created.history,
            created_at: at.time,
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

    fn changed(
        &mut self,
        at: Place,
        id: &ConversationId,
        conversation: &mut Conversation,
        title: Option<&Title>,
        history: HistoryVisibility,
    ) -> Result<(), Impossible> {
        let details = entry::About {
            id,
            kind: conversation.kind,
            title,
            history,
        };
        let data = json(&details)?;
        conversation.title = title.cloned();
        conversation.history = history;
        self.note_conversation(at, conversation);
        let recipients = conversation.member_count;
        let entry = Entry {
            kind: "conversation_changed",
            subject: None,
            seq: None,
            data,
        };
        self.tell_members(conversation, at, recipients, entry);
        Ok(())
    }

    /// Removes the title, notifies the members of that, and deletes earlier titles from entries and
    /// history.
    fn title_erased(
        &mut self,
        at: Place,
        id: &ConversationId,
        conversation: &mut Conversation,
    ) -> Result<(), Impossible> {
        for row in &mut self.rows.timeline {
            if row.conversation == conversation.id && entry::TITLED.contains(&row.kind) {
                row.data = row.data.as_deref().map(entry::untitled).transpose()?;
            }
        }
        for version in &mut self.rows.conversation_history {
            if version.conversation == conversation.id {
                version.title = None;
            }
        }
        self.rows.untitled.insert(conversation.id, at.position);
        self.changed(at, id, conversation, None, conversation.history)
    }
}
