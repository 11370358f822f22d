//! Applies sent messages and their edits and reactions.

use domain::conversation::event::{MessageEdited, MessageReaction, MessageSent};
use read_model::entry_type::EntryType;

use super::entry_data::{ReactionData, to_json};
use super::fan_out::TimelineEntry;
use super::outcome::FoldError;
use super::state::Fold;
use crate::decode::EventPosition;
use crate::row_cache::ConversationState;
use crate::rows::{FanOutEntry, MessageRow, MessageVersionRow, ReactionChange};
use crate::working_set::RowChange;

impl Fold<'_> {
    pub(super) fn apply_sent(
        &mut self,
        at: EventPosition,
        conversation: &mut ConversationState,
        sent: &MessageSent,
    ) -> Result<(), FoldError> {
        if sent.seq != conversation.head_seq + 1 {
            return Err(format!(
                "its seq is {}, the head is {}",
                sent.seq, conversation.head_seq
            )
            .into());
        }
        let mentions = if sent.mentions.is_empty() {
            None
        } else {
            to_json(&sent.mentions)?
        };
        let sender = self.assign_user_id(&sent.sender);
        conversation.head_seq = sent.seq;
        conversation.head_position = at.position;
        if sent.kind.is_countable() {
            conversation.countable += 1;
            conversation.last_seq = Some(sent.seq);
            conversation.activity = at.position;
        }
        let fanned = self.fan_out_message(at, conversation, sent);
        if let Some(member) = self.working_set.present_member((conversation.id, sender)) {
            let member = member.mark(RowChange::Marks);
            member.read_seq = sent.seq;
            member.read_high = member.read_high.max(sent.seq);
            member.own_seq = sent.seq;
        }
        let key = (conversation.id, sent.seq);
        self.rows
            .message_index
            .insert(key, self.rows.messages.len());
        self.rows.messages.push(MessageRow {
            key,
            position: at.position,
            sender,
            sent_at: sent.sent_at,
            ordinal: conversation.countable,
            reply_to: sent.reply_to,
            edited_at: None,
            recalled: false,
            fanned,
            kind: sent.kind,
            body: Some(sent.body.clone()),
            original: None,
            mentions,
            client_message_id: sent.client_message_id.clone(),
            thread: sent.thread,
        });
        Ok(())
    }

    /// Adds the message to the feeds of the members, unless it is merged on read. Returns whether
    /// it was added.
    fn fan_out_message(
        &mut self,
        at: EventPosition,
        conversation: &mut ConversationState,
        sent: &MessageSent,
    ) -> bool {
        let recipients = conversation.member_count;
        // Imported history is not fanned out: it is merged on read when a client syncs from an
        // earlier position.
        let fanned = if sent.is_imported(at.time) {
            conversation.unfanned = at.position;
            false
        } else {
            self.decide_fan_out(conversation, at, recipients)
        };
        if fanned {
            let entry = FanOutEntry {
                seq: Some(sent.seq),
                ..FanOutEntry::new(conversation.id, at.position)
            };
            self.fan_out(entry, recipients);
        }
        fanned
    }

    pub(super) fn apply_edited(
        &mut self,
        at: EventPosition,
        conversation: &mut ConversationState,
        edited: &MessageEdited,
    ) -> Result<(), FoldError> {
        check_exists(conversation, edited.seq)?;
        let key = (conversation.id, edited.seq);
        let body = Some(edited.body.clone());
        if let Some(message) = self.message_in_batch(key) {
            message.edited_at = Some(edited.edited_at);
            let before = std::mem::replace(&mut message.body, body.clone());
            message.original = message.original.take().or(before);
        } else {
            let change = self.rows.message_changes.entry(key).or_default();
            change.body.clone_from(&body);
            change.edited_at = Some(edited.edited_at);
        }
        self.rows.versions.push(MessageVersionRow {
            key,
            position: at.position,
            at: edited.edited_at,
            body,
        });
        self.add_message_entry(
            at,
            conversation,
            EntryType::MessageEdited,
            edited.seq,
            None,
            None,
        );
        Ok(())
    }

    pub(super) fn apply_reaction(
        &mut self,
        at: EventPosition,
        conversation: &mut ConversationState,
        reaction: &MessageReaction,
        added: bool,
    ) -> Result<(), FoldError> {
        let MessageReaction { seq, key, user } = reaction;
        check_exists(conversation, *seq)?;
        let data = to_json(&ReactionData {
            seq: *seq,
            key,
            user,
        })?;
        let subject = self.assign_user_id(user);
        self.rows.reaction_history.push(ReactionChange {
            message: (conversation.id, *seq),
            key: key.clone(),
            user: subject,
            position: at.position,
            added,
        });
        let reaction_key = (conversation.id, *seq, key.clone(), subject);
        self.rows
            .reactions
            .insert(reaction_key, added.then_some(at.position));
        let kind = if added {
            EntryType::ReactionAdded
        } else {
            EntryType::ReactionRemoved
        };
        self.add_message_entry(at, conversation, kind, *seq, Some(subject), data);
        Ok(())
    }

    pub(super) fn add_message_entry(
        &mut self,
        at: EventPosition,
        conversation: &mut ConversationState,
        kind: EntryType,
        seq: i64,
        subject: Option<i64>,
        data: Option<String>,
    ) {
        let recipients = conversation.member_count;
        let entry = TimelineEntry {
            kind,
            subject,
            seq: Some(seq),
            data,
        };
        self.add_member_entry(conversation, at, recipients, entry);
    }

    pub(super) fn message_in_batch(&mut self, key: (i64, i64)) -> Option<&mut MessageRow> {
        let index = *self.rows.message_index.get(&key)?;
        self.rows.messages.get_mut(index)
    }
}

pub(super) fn check_exists(conversation: &ConversationState, seq: i64) -> Result<(), FoldError> {
    if (1..=conversation.head_seq).contains(&seq) {
        return Ok(());
    }
    Err(format!(
        "it is about seq {seq}, the head is {}",
        conversation.head_seq
    )
    .into())
}
