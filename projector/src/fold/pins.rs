//! Applies pinned and unpinned messages.

use domain::conversation::event::MessagePin;
use read_model::entry_type::EntryType;

use super::entry_data::{PinData, to_json};
use super::messages::check_exists;
use super::outcome::FoldError;
use super::state::Fold;
use crate::decode::EventPosition;
use crate::row_cache::ConversationState;
use crate::rows::{MessageKey, PinRow};

impl Fold<'_> {
    pub(super) fn apply_pin(
        &mut self,
        at: EventPosition,
        conversation: &mut ConversationState,
        pin: &MessagePin,
        is_pinned: bool,
    ) -> Result<(), FoldError> {
        let MessagePin { seq, by } = pin;
        check_exists(conversation, *seq)?;
        let data = to_json(&PinData { seq: *seq, by })?;
        let key = (conversation.id, *seq);
        let kind = if is_pinned {
            self.rows.pins.push(PinRow {
                key,
                position: at.position,
                unpinned_at: None,
            });
            EntryType::MessagePinned
        } else {
            self.end_pin(at, key);
            EntryType::MessageUnpinned
        };
        self.add_message_entry(at, conversation, kind, *seq, None, data);
        Ok(())
    }

    fn end_pin(&mut self, at: EventPosition, key: MessageKey) {
        let mut pins = self.rows.pins.iter_mut();
        let open = pins.find(|row| row.key == key && row.unpinned_at.is_none());
        if let Some(row) = open {
            row.unpinned_at = Some(at.position);
        } else {
            self.rows.unpins.push((key, at.position));
        }
    }
}
