//! Random scheduled messages.

use domain::body::{MessageBody, MessageType};
use domain::ids::{ClientKey, UserId};
use domain::mailbox::command::{
    CancelScheduledMessages, ChangeScheduledMessage, MailboxCommand, ScheduleMessage,
    ScheduledOutcome,
};
use domain::time::Timestamp;

use super::history::HistoryGenerator;

impl HistoryGenerator {
    /// Schedules a message, or changes, cancels or ends one.
    pub(super) fn schedule(&mut self) {
        let Some((id, member)) = self.random_membership() else {
            return;
        };
        let (now, send_at) = (self.time_in(0), self.time_in(60_000));
        let waiting = self.mailboxes.get(&member).map(|mailbox| {
            let numbers: Vec<i64> = mailbox.scheduled_numbers().collect();
            numbers
        });
        let number = match waiting.filter(|numbers| !numbers.is_empty()) {
            Some(numbers) => *self.rng.pick(&numbers),
            None => 1,
        };
        let text = format!("later {}", self.log.len());
        let command = match self.rng.below(10) {
            0..5 => MailboxCommand::Schedule(ScheduleMessage {
                conversation: id,
                kind: MessageType::Text,
                body: MessageBody::from_text(&text),
                reply_to: None,
                mentions: vec![member.clone()],
                thread: None,
                client_message_id: ClientKey::parse(&text).unwrap(),
                send_at,
                now,
            }),
            5..7 => MailboxCommand::ChangeScheduled(ChangeScheduledMessage {
                number,
                send_at: Some(send_at),
                body: self
                    .rng
                    .chance(50)
                    .then(|| serde_json::json!({ "text": text })),
                now,
            }),
            7 => MailboxCommand::CancelScheduled(CancelScheduledMessages {
                numbers: vec![number],
                by: member.clone(),
                now: None,
            }),
            _ => MailboxCommand::CompleteScheduled(vec![ScheduledOutcome {
                number,
                send_at: self.send_time(&member, number).unwrap_or(now),
                result: if self.rng.chance(50) {
                    Ok(1)
                } else {
                    Err("blocked".into())
                },
            }]),
        };
        self.run_mailbox_command(&member, command);
    }

    fn send_time(&self, owner: &UserId, number: i64) -> Option<Timestamp> {
        let mailbox = self.mailboxes.get(owner)?;
        Some(mailbox.scheduled(number)?.send_at)
    }

    fn time_in(&self, millis: i64) -> Timestamp {
        Timestamp::from_millis(self.now + millis)
    }
}
