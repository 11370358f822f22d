//! Applies scheduled messages: those that wait or failed have a row, all others none.

use domain::mailbox::event::MailboxEvent;
use read_model::entry_type::EntryType;

use super::entry_data::{ScheduledData, to_json};
use super::fan_out::TimelineEntry;
use super::mailbox::conversation_of;
use super::outcome::FoldError;
use super::state::Fold;
use crate::decode::EventPosition;
use crate::rows::ScheduledRow;

impl Fold<'_> {
    /// Applies an event about a scheduled message of this user. Only the user's own devices get the
    /// entry.
    pub(super) fn apply_scheduled(
        &mut self,
        at: EventPosition,
        user: i64,
        event: &MailboxEvent,
    ) -> Result<(), FoldError> {
        let (Some(number), Some(id)) = (event.scheduled_number(), conversation_of(event)) else {
            return Ok(());
        };
        let Some(conversation) = self.find_conversation(id) else {
            return Ok(());
        };
        let (kind, mut data) = (entry_type(event), empty_data(number));
        let mut change = self
            .rows
            .scheduled
            .remove(&(user, number))
            .unwrap_or_default();
        match event {
            MailboxEvent::MessageScheduled(scheduled) => {
                data.send_at = Some(scheduled.send_at);
                let mentions = if scheduled.mentions.is_empty() {
                    None
                } else {
                    to_json(&scheduled.mentions)?
                };
                change.inserted = Some(ScheduledRow {
                    conversation: conversation.id,
                    kind: scheduled.kind,
                    reply_to: scheduled.reply_to,
                    thread: scheduled.thread,
                    mentions,
                    client_message_id: scheduled.client_message_id.clone(),
                });
                change.send_at = Some(scheduled.send_at);
                change.body = Some(scheduled.body.clone());
            }
            MailboxEvent::ScheduledMessageChanged(changed) => {
                data.send_at = Some(changed.send_at);
                change.send_at = Some(changed.send_at);
                change.body = changed.body.clone().or(change.body);
                change.code = Some(None);
            }
            MailboxEvent::ScheduledMessageFailed(failed) => {
                data.code = Some(&failed.code);
                change.code = Some(Some(failed.code.clone()));
            }
            MailboxEvent::ScheduledMessageSent(sent) => {
                data.seq = Some(sent.seq);
                change.is_removed = true;
            }
            _ => change.is_removed = true,
        }
        let data = to_json(&data)?;
        self.rows.scheduled.insert((user, number), change);
        let entry = TimelineEntry {
            kind,
            subject: Some(user),
            seq: None,
            data,
        };
        self.add_personal_entry(conversation.id, at, user, entry);
        Ok(())
    }
}

fn entry_type(event: &MailboxEvent) -> EntryType {
    match event {
        MailboxEvent::MessageScheduled(_) => EntryType::MessageScheduled,
        MailboxEvent::ScheduledMessageChanged(_) => EntryType::ScheduledMessageChanged,
        MailboxEvent::ScheduledMessageSent(_) => EntryType::ScheduledMessageSent,
        MailboxEvent::ScheduledMessageFailed(_) => EntryType::ScheduledMessageFailed,
        _ => EntryType::ScheduledMessageCancelled,
    }
}

fn empty_data<'a>(number: i64) -> ScheduledData<'a> {
    ScheduledData {
        scheduled_id: format!("s{number}"),
        send_at: None,
        seq: None,
        code: None,
    }
}
