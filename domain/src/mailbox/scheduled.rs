//! Rules for scheduled messages, from scheduling until they are sent, cancelled or refused.
//!
//! A mailbox numbers them. Its state knows when each is due; the content is in the events, and is
//! erased from them once the message is sent or cancelled.

use super::Mailbox;
use super::command::{
    CancelScheduledMessages, ChangeScheduledMessage, ScheduleMessage, ScheduledOutcome,
};
use super::event::{
    MailboxEvent, MessageScheduled, ScheduledMessageCancelled, ScheduledMessageChanged,
    ScheduledMessageFailed, ScheduledMessageSent,
};
use super::state::ScheduledState;
use crate::body::MessageBody;
use crate::ids::UserId;
use crate::limits::Limits;
use crate::refusal::Refusal;
use crate::time::Timestamp;

/// How far ahead a message can be scheduled: a year, in milliseconds.
const MAX_DELAY_MS: i64 = 366 * 24 * 3_600 * 1_000;

impl Mailbox {
    /// A scheduled message that waits or failed.
    pub fn scheduled(&self, number: i64) -> Option<&ScheduledState> {
        self.scheduled.get(&number)
    }

    /// The numbers of the scheduled messages that wait or failed.
    pub fn scheduled_numbers(&self) -> impl Iterator<Item = i64> {
        self.scheduled.keys().copied()
    }

    /// Whether the owner ever scheduled a message with this number.
    pub fn has_scheduled(&self, number: i64) -> bool {
        (1..=self.scheduled_count).contains(&number)
    }

    pub(super) fn schedule(
        &self,
        schedule: ScheduleMessage,
        limits: &Limits,
    ) -> Result<MailboxEvent, Refusal> {
        check_time(schedule.send_at, schedule.now)?;
        let most = limits.scheduled;
        if self.scheduled.len() >= most {
            return Err(Refusal::invalid(
                "send_at",
                format!("A user can have at most {most} scheduled messages."),
            ));
        }
        Ok(MailboxEvent::MessageScheduled(MessageScheduled {
            number: self.scheduled_count + 1,
            conversation: schedule.conversation,
            kind: schedule.kind,
            body: schedule.body,
            reply_to: schedule.reply_to,
            mentions: schedule.mentions,
            thread: schedule.thread,
            client_message_id: Some(schedule.client_message_id),
            send_at: schedule.send_at,
        }))
    }

    pub(super) fn change_scheduled(
        &self,
        change: ChangeScheduledMessage,
        limits: &Limits,
    ) -> Result<Option<MailboxEvent>, Refusal> {
        let message = self
            .scheduled(change.number)
            .ok_or_else(Refusal::not_found)?;
        check_waits(message, Some(change.now))?;
        let body = change
            .body
            .map(|body| MessageBody::parse(message.kind, &body, limits));
        let body = body
            .transpose()?
            .filter(|body| body.digest() != message.body_digest);
        if let Some(send_at) = change.send_at {
            check_time(send_at, change.now)?;
        }
        let send_at = change.send_at.unwrap_or(message.send_at);
        if send_at == message.send_at && body.is_none() {
            return Ok(None);
        }
        if message.failed {
            check_time(send_at, change.now)?;
        }
        Ok(Some(MailboxEvent::ScheduledMessageChanged(
            ScheduledMessageChanged {
                number: change.number,
                conversation: message.conversation.clone(),
                send_at,
                body,
            },
        )))
    }

    pub(super) fn cancel_scheduled(
        &self,
        cancel: CancelScheduledMessages,
    ) -> Result<Vec<MailboxEvent>, Refusal> {
        let mut events = Vec::with_capacity(cancel.numbers.len());
        for number in cancel.numbers {
            let Some(message) = self.scheduled(number) else {
                continue;
            };
            check_waits(message, cancel.now)?;
            events.push(MailboxEvent::ScheduledMessageCancelled(
                ScheduledMessageCancelled {
                    number,
                    conversation: message.conversation.clone(),
                    by: cancel.by.clone(),
                },
            ));
        }
        Ok(events)
    }

    /// Two processes can report the same message. What was sent is sent, even if another one
    /// reported a refusal because the sender has left since then. A refusal counts only for the
    /// time at which the message was due: its owner may have changed that after another process
    /// reported it.
    pub(super) fn complete_scheduled(&self, outcomes: Vec<ScheduledOutcome>) -> Vec<MailboxEvent> {
        let event = |outcome: ScheduledOutcome| {
            let ScheduledOutcome { number, result, .. } = outcome;
            let message = self.scheduled(number)?;
            let conversation = message.conversation.clone();
            match result {
                Ok(seq) => Some(MailboxEvent::ScheduledMessageSent(ScheduledMessageSent {
                    number,
                    conversation,
                    seq,
                })),
                Err(_) if message.failed || message.send_at != outcome.send_at => None,
                Err(code) => Some(MailboxEvent::ScheduledMessageFailed(
                    ScheduledMessageFailed {
                        number,
                        conversation,
                        code,
                    },
                )),
            }
        };
        outcomes.into_iter().filter_map(event).collect()
    }

    pub(super) fn apply_scheduled(&mut self, scheduled: MessageScheduled) {
        self.scheduled_count = scheduled.number;
        let state = ScheduledState {
            conversation: scheduled.conversation,
            kind: scheduled.kind,
            send_at: scheduled.send_at,
            body_digest: scheduled.body.digest(),
            failed: false,
        };
        self.scheduled.insert(scheduled.number, state);
    }

    pub(super) fn apply_rescheduled(&mut self, changed: &ScheduledMessageChanged) {
        if let Some(message) = self.scheduled.get_mut(&changed.number) {
            message.send_at = changed.send_at;
            message.failed = false;
            if let Some(body) = &changed.body {
                message.body_digest = body.digest();
            }
        }
    }

    pub(super) fn apply_failed(&mut self, failed: &ScheduledMessageFailed) {
        if let Some(message) = self.scheduled.get_mut(&failed.number) {
            message.failed = true;
        }
    }
}

/// The content of a scheduled message, folded from its events.
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduledContent {
    /// The message, as it was last changed.
    pub message: MessageScheduled,
    /// Who called, if a service scheduled it or last changed it for its owner.
    pub actor: Option<UserId>,
}

impl ScheduledContent {
    /// Folds the events of one scheduled message, each with its actor, oldest first.
    pub fn fold(events: impl IntoIterator<Item = (MailboxEvent, Option<UserId>)>) -> Option<Self> {
        let mut content: Option<Self> = None;
        for (event, actor) in events {
            match event {
                MailboxEvent::MessageScheduled(message) => content = Some(Self { message, actor }),
                MailboxEvent::ScheduledMessageChanged(changed) => {
                    let known = content.as_mut()?;
                    known.message.send_at = changed.send_at;
                    if let Some(body) = changed.body {
                        known.message.body = body;
                    }
                    known.actor = actor;
                }
                _ => {}
            }
        }
        content
    }
}

impl MailboxEvent {
    /// The event with its content erased, as `ConversationEvent::without_content`.
    pub fn without_content(self) -> Option<Self> {
        match self {
            Self::MessageScheduled(mut scheduled) => {
                scheduled.body = MessageBody::erased_placeholder();
                scheduled.mentions = Vec::new();
                scheduled.client_message_id = None;
                Some(Self::MessageScheduled(scheduled))
            }
            Self::ScheduledMessageChanged(mut changed) => {
                changed.body = changed.body.map(|_| MessageBody::erased_placeholder());
                Some(Self::ScheduledMessageChanged(changed))
            }
            Self::MessageHeld(held) => Some(Self::MessageHeld(held.without_content())),
            _ => None,
        }
    }

    /// The number of the scheduled message that the event is about.
    pub fn scheduled_number(&self) -> Option<i64> {
        match self {
            Self::MessageScheduled(event) => Some(event.number),
            Self::ScheduledMessageChanged(event) => Some(event.number),
            Self::ScheduledMessageCancelled(event) => Some(event.number),
            Self::ScheduledMessageSent(event) => Some(event.number),
            Self::ScheduledMessageFailed(event) => Some(event.number),
            _ => None,
        }
    }
}

fn check_time(send_at: Timestamp, now: Timestamp) -> Result<(), Refusal> {
    let ahead = send_at.millis().saturating_sub(now.millis());
    if (1..=MAX_DELAY_MS).contains(&ahead) {
        return Ok(());
    }
    Err(Refusal::invalid(
        "send_at",
        "Expected a time in the future, at most a year ahead.",
    ))
}

/// Refuses to change what is being sent.
fn check_waits(message: &ScheduledState, now: Option<Timestamp>) -> Result<(), Refusal> {
    if !message.failed && now.is_some_and(|now| message.send_at <= now) {
        return Err(Refusal::conflict("The message is due and is being sent."));
    }
    Ok(())
}
