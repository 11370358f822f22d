//! Applies recalls, restores and erasures of messages.
//!
//! The tables hold no content of recalled messages. If a message is restored, its content comes
//! from the log, or from this batch if the message was sent in it.

use domain::conversation::event::{MessageErased, MessageRecalled, MessageRestored};
use read_model::entry_type::EntryType;

use super::entry_data::{MessageRemovalData, to_json};
use super::messages::check_exists;
use super::outcome::FoldError;
use super::state::Fold;
use crate::decode::EventPosition;
use crate::row_cache::ConversationState;
use crate::rows::MessageKey;

impl Fold<'_> {
    pub(super) fn apply_recalled(
        &mut self,
        at: EventPosition,
        conversation: &mut ConversationState,
        recalled: &MessageRecalled,
    ) -> Result<(), FoldError> {
        let MessageRecalled { seq, by } = recalled;
        check_exists(conversation, *seq)?;
        let data = to_json(&MessageRemovalData { seq: *seq, by })?;
        self.set_recalled(at, (conversation.id, *seq), true);
        let kind = EntryType::MessageRecalled;
        self.add_message_entry(at, conversation, kind, *seq, None, data);
        Ok(())
    }

    pub(super) fn apply_restored(
        &mut self,
        at: EventPosition,
        conversation: &mut ConversationState,
        restored: &MessageRestored,
    ) -> Result<(), FoldError> {
        let MessageRestored { seq, by } = restored;
        check_exists(conversation, *seq)?;
        let data = to_json(&MessageRemovalData { seq: *seq, by })?;
        self.set_recalled(at, (conversation.id, *seq), false);
        let kind = EntryType::MessageRestored;
        self.add_message_entry(at, conversation, kind, *seq, None, data);
        Ok(())
    }

    /// To readers, an erased message is a recalled message that also has no mentions and no key.
    pub(super) fn apply_erased(
        &mut self,
        at: EventPosition,
        conversation: &mut ConversationState,
        erased: &MessageErased,
    ) -> Result<(), FoldError> {
        let MessageErased { seq, by } = erased;
        check_exists(conversation, *seq)?;
        let data = to_json(&MessageRemovalData { seq: *seq, by })?;
        let key = (conversation.id, *seq);
        self.set_recalled(at, key, true);
        self.erase_content(key);
        self.add_message_entry(at, conversation, EntryType::MessageErased, *seq, None, data);
        Ok(())
    }

    fn set_recalled(&mut self, at: EventPosition, key: MessageKey, is_recalled: bool) {
        if let Some(message) = self.message_in_batch(key) {
            message.recalled = is_recalled;
        } else {
            let change = self.rows.message_changes.entry(key).or_default();
            change.recalled = Some(is_recalled);
        }
        let changes = self.rows.recalls.entry(key).or_default();
        if changes.last().is_none_or(|last| last.1 != is_recalled) {
            changes.push((at.position, is_recalled));
        }
    }

    fn erase_content(&mut self, key: MessageKey) {
        if let Some(message) = self.message_in_batch(key) {
            message.body = None;
            message.original = None;
            message.mentions = None;
            message.client_message_id = None;
        } else {
            self.rows.message_changes.entry(key).or_default().erased = true;
        }
        let versions = self.rows.versions.iter_mut();
        for version in versions.filter(|version| version.key == key) {
            version.body = None;
        }
    }
}
