//! Applies held messages: those on which nobody has decided have a row, all others none.

use domain::held_id::HeldId;
use domain::mailbox::event::MailboxEvent;
use domain::mailbox::held_event::MessageHeld;
use read_model::entry_type::EntryType;

use super::entry_data::{HeldData, to_json};
use super::fan_out::TimelineEntry;
use super::mailbox::conversation_of;
use super::outcome::FoldError;
use super::state::Fold;
use crate::decode::EventPosition;
use crate::rows::HeldRow;

impl Fold<'_> {
    /// Applies an event about a held message of this user. Only the user's own devices get the
    /// entry; without its conversation if the user has left it.
    pub(super) fn apply_held(
        &mut self,
        at: EventPosition,
        user: i64,
        event: &MailboxEvent,
    ) -> Result<(), FoldError> {
        let (Some(held_id), Some(id)) = (event.held_id(), conversation_of(event)) else {
            return Ok(());
        };
        let Some(conversation) = self.find_conversation(id) else {
            return Ok(());
        };
        let mut data = HeldData {
            held_id,
            conversation_id: id,
            seq: None,
            reason: None,
        };
        let (kind, row) = match event {
            MailboxEvent::MessageHeld(held) => {
                let row = held_row(at, conversation.id, held)?;
                (EntryType::MessageHeld, Some(row))
            }
            MailboxEvent::HeldMessageReleased(released) => {
                data.seq = Some(released.seq);
                (EntryType::HeldMessageReleased, None)
            }
            MailboxEvent::HeldMessageRefused(refused) => {
                data.reason = Some(&refused.reason);
                (EntryType::MessageRefused, None)
            }
            _ => return Ok(()),
        };
        let data = to_json(&data)?;
        self.set_held(user, held_id, row);
        let key = (conversation.id, user);
        if self.working_set.present_member(key).is_none() {
            self.add_private_entry(at, user, kind, data);
            return Ok(());
        }
        let entry = TimelineEntry {
            kind,
            subject: Some(user),
            seq: None,
            data,
        };
        self.add_personal_entry(conversation.id, at, user, entry);
        Ok(())
    }

    fn set_held(&mut self, user: i64, held_id: HeldId, row: Option<HeldRow>) {
        self.rows.held.insert((user, held_id.number()), row);
    }
}

fn held_row(
    at: EventPosition,
    conversation: i64,
    held: &MessageHeld,
) -> Result<HeldRow, FoldError> {
    let mentions = if held.mentions.is_empty() {
        None
    } else {
        to_json(&held.mentions)?
    };
    Ok(HeldRow {
        conversation,
        kind: held.kind,
        reply_to: held.reply_to,
        thread: held.thread,
        mentions,
        client_message_id: held.client_message_id.clone(),
        at: at.time,
        body: held.body.clone(),
    })
}
