//! Applies sent messages and their edits, recalls, erasures and reactions.

use domain::conversation::event::{
    MessageEdited, MessageErased, MessageReaction, MessageRecalled, MessageSent,
};

use super::audience::Entry;
use super::entry::{Reacted, Recalled, json};
use super::{Fold, Impossible};
use crate::decode::Place;
use crate::memory::Conversation;
use crate::picture::Change;
use crate::rows::{MessageRow, ReactionChange, VersionRow};

/// A message was imported if it was sent more than this long before it was appended to the log.
const PAST_MS: i64 = 24 * 3_600 * 1_000;

impl Fold<'_> {
    pub(super) fn sent(
        &mut self,
        at: Place,
        conversation: &mut Conversation,
        sent: &MessageSent,
    ) -> Result<(), Impossible> {
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
            json(&sent.mentions)?
        };
        let sender = self.number(&sent.sender);
        conversation.head_seq = sent.seq;
        conversation.head_position = at.position;
        if sent.kind.is_countable() {
            conversation.countable += 1;
            conversation.last_seq = Some(sent.seq);
            conversation.activity = at.position;
        }
        let recipients = conversation.member_count;
        // Imported history is not fanned out: it is merged on read when a client syncs from an
        // earlier position.
        let is_imported = at.time.millis() - sent.sent_at.millis() > PAST_MS;
        let fanned = if is_imported {
            conversation.unfanned = at.position;
            false
        } else {
            self.is_fanned(conversation, at, recipients)
        };
        if fanned {
            self.fan_out(conversation.id, at, Some(sent.seq), recipients);
        }
        if let Some(member) = self.picture.present((conversation.id, sender)) {
            let member = member.touch(Change::Marks);
            member.read_seq = sent.seq;
            member.read_high = member.read_high.max(sent.seq);
            member.own_seq = sent.seq;
        }
        let key = (conversation.id, sent.seq);
        self.rows.sent.insert(key, self.rows.messages.len());
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
        });
        Ok(())
    }

    pub(super) fn edited(
        &mut self,
        at: Place,
        conversation: &mut Conversation,
        edited: &MessageEdited,
    ) -> Result<(), Impossible> {
        check_exists(conversation, edited.seq)?;
        let key = (conversation.id, edited.seq);
        let body = Some(edited.body.clone());
        if let Some(message) = self.sent_in_this_batch(key) {
            message.edited_at = Some(edited.edited_at);
            if !message.recalled {
                let before = std::mem::replace(&mut message.body, body.clone());
                message.original = message.original.take().or(before);
            }
        } else {
            let change = self.rows.changes.entry(key).or_default();
            change.body.clone_from(&body);
            change.edited_at = Some(edited.edited_at);
        }
        self.rows.versions.push(VersionRow {
            key,
            position: at.position,
            at: edited.edited_at,
            body,
        });
        self.tell_of_message(at, conversation, "message_edited", edited.seq, None, None);
        Ok(())
    }

    pub(super) fn recalled(
        &mut self,
        at: Place,
        conversation: &mut Conversation,
        recalled: &MessageRecalled,
    ) -> Result<(), Impossible> {
        let MessageRecalled { seq, by } = recalled;
        let data = json(&Recalled { seq: *seq, by })?;
        self.take_back(at, conversation, *seq)?;
        self.tell_of_message(at, conversation, "message_recalled", *seq, None, data);
        Ok(())
    }

    /// To readers, an erased message is a recalled message that also has no mentions.
    pub(super) fn erased(
        &mut self,
        at: Place,
        conversation: &mut Conversation,
        erased: &MessageErased,
    ) -> Result<(), Impossible> {
        let MessageErased { seq, by } = erased;
        let data = json(&Recalled { seq: *seq, by })?;
        self.take_back(at, conversation, *seq)?;
        let key = (conversation.id, *seq);
        if let Some(message) = self.sent_in_this_batch(key) {
            message.mentions = None;
        } else {
            self.rows.changes.entry(key).or_default().erased = true;
        }
        self.tell_of_message(at, conversation, "message_erased", *seq, None, data);
        Ok(())
    }

    fn take_back(
        &mut self,
        at: Place,
        conversation: &Conversation,
        seq: i64,
    ) -> Result<(), Impossible> {
        check_exists(conversation, seq)?;
        let key = (conversation.id, seq);
        if let Some(message) = self.sent_in_this_batch(key) {
            message.recalled = true;
            message.body = None;
            message.original = None;
        } else {
            let change = self.rows.changes.entry(key).or_default();
            change.recalled = true;
            change.body = None;
        }
        self.rows.recalls.entry(key).or_insert(at.position);
        for version in self
            .rows
            .versions
            .iter_mut()
            .filter(|version| version.key == key)
        {
            version.body = None;
        }
        Ok(())
    }

    pub(super) fn reacted(
        &mut self,
        at: Place,
        conversation: &mut Conversation,
        reaction: &MessageReaction,
        added: bool,
    ) -> Result<(), Impossible> {
        let MessageReaction { seq, key, user } = reaction;
        check_exists(conversation, *seq)?;
        let data = json(&Reacted {
            seq: *seq,
            key,
            user,
        })?;
        let subject = self.number(user);
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
            "reaction_added"
        } else {
            "reaction_removed"
        };
        self.tell_of_message(at, conversation, kind, *seq, Some(subject), data);
        Ok(())
    }

    fn tell_of_message(
        &mut self,
        at: Place,
        conversation: &mut Conversation,
        kind: &'static str,
        seq: i64,
        subject: Option<i64>,
        data: Option<String>,
    ) {
        let recipients = conversation.member_count;
        let entry = Entry {
            kind,
            subject,
            seq: Some(seq),
            data,
        };
        self.tell_members(conversation, at, recipients, entry);
    }

    fn sent_in_this_batch(&mut self, key: (i64, i64)) -> Option<&mut MessageRow> {
        let index = *self.rows.sent.get(&key)?;
        self.rows.messages.get_mut(index)
    }
}

fn check_exists(conversation: &Conversation, seq: i64) -> Result<(), Impossible> {
    if (1..=conversation.head_seq).contains(&seq) {
        return Ok(());
    }
    Err(format!(
        "it is about seq {seq}, the head is {}",
        conversation.head_seq
    )
    .into())
}
