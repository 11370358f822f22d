//! Random held messages.

use domain::body::{MessageBody, MessageType};
use domain::held_id::HeldId;
use domain::ids::ClientKey;
use domain::mailbox::command::MailboxCommand;
use domain::mailbox::held_command::{CompleteHeldMessage, HoldMessage};

use super::history::HistoryGenerator;

impl HistoryGenerator {
    /// Holds a message, or decides on one.
    pub(super) fn hold(&mut self) {
        let Some((id, member)) = self.random_membership() else {
            return;
        };
        let text = format!("held {}", self.log.len());
        let held = self.mailboxes.get(&member);
        let held: Vec<HeldId> = held
            .map(|mailbox| mailbox.all_held().map(|(id, _)| id).collect())
            .unwrap_or_default();
        let command = match held.first() {
            Some(held_id) if self.rng.chance(60) => {
                MailboxCommand::CompleteHeld(CompleteHeldMessage {
                    held_id: *held_id,
                    result: if self.rng.chance(50) {
                        Ok(1)
                    } else {
                        Err("content_refused".into())
                    },
                    by: member.clone(),
                })
            }
            _ => MailboxCommand::HoldMessage(HoldMessage {
                sender: member.clone(),
                conversation: id,
                kind: MessageType::Text,
                body: MessageBody::from_text(&text),
                reply_to: None,
                thread: None,
                mentions: vec![member.clone()],
                client_message_id: ClientKey::parse(&text).unwrap(),
                reason: None,
                scheduled: None,
            }),
        };
        self.run_mailbox_command(&member, command);
    }
}
