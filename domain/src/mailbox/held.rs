//! Rules for held messages, from the verdict of the hook until a moderator has decided.
//!
//! A mailbox numbers them, together with scheduled messages: a number names one message that waits,
//! or has waited. The state knows which are held; the content is in the events, and is erased from
//! them once the message is released or refused.

use super::Mailbox;
use super::event::{MailboxEvent, ScheduledMessageCancelled};
use super::held_command::{CompleteHeldMessage, HoldMessage};
use super::held_event::{HeldMessageRefused, HeldMessageReleased, MessageHeld};
use crate::body::MessageBody;
use crate::held_id::HeldId;
use crate::ids::ConversationId;
use crate::refusal::Refusal;

/// The maximum number of held messages of a user: somebody has to look at each of them.
const MAX_HELD: usize = 1_000;

impl Mailbox {
    /// The conversation of a held message. `None` if the message no longer waits.
    pub fn held(&self, id: HeldId) -> Option<&ConversationId> {
        self.held.get(&id.number())
    }

    /// The held messages that wait, with their conversations.
    pub fn all_held(&self) -> impl Iterator<Item = (HeldId, &ConversationId)> {
        let held = self.held.iter();
        held.map(|(number, conversation)| (HeldId::from_number(*number), conversation))
    }

    pub(super) fn hold_message(&self, hold: HoldMessage) -> Result<Vec<MailboxEvent>, Refusal> {
        if self.held.len() >= MAX_HELD {
            return Err(Refusal::rule_violation(
                "too_many_held",
                format!(
                    "{MAX_HELD} of your messages wait for a moderator; send more when they have \
                     been looked at."
                ),
            ));
        }
        let HoldMessage {
            sender,
            conversation,
            kind,
            body,
            reply_to,
            thread,
            mentions,
            client_message_id,
            reason,
            scheduled,
        } = hold;
        let cancelled = scheduled.map(|number| {
            MailboxEvent::ScheduledMessageCancelled(ScheduledMessageCancelled {
                number,
                conversation: conversation.clone(),
                by: sender,
            })
        });
        let added = MailboxEvent::MessageHeld(MessageHeld {
            held_id: HeldId::from_number(self.scheduled_count + 1),
            conversation,
            kind,
            body,
            reply_to,
            thread,
            mentions,
            client_message_id: Some(client_message_id),
            reason,
        });
        Ok(cancelled.into_iter().chain([added]).collect())
    }

    /// What was decided first counts. Two moderators can decide at the same time.
    pub(super) fn complete_held(&self, complete: CompleteHeldMessage) -> Option<MailboxEvent> {
        let CompleteHeldMessage {
            held_id,
            result,
            by,
        } = complete;
        let conversation = self.held(held_id)?.clone();
        Some(match result {
            Ok(seq) => MailboxEvent::HeldMessageReleased(HeldMessageReleased {
                held_id,
                conversation,
                seq,
                by,
            }),
            Err(reason) => MailboxEvent::HeldMessageRefused(HeldMessageRefused {
                held_id,
                conversation,
                reason,
                by,
            }),
        })
    }

    pub(super) fn apply_held(&mut self, held: MessageHeld) {
        let number = held.held_id.number();
        self.scheduled_count = number;
        self.held.insert(number, held.conversation);
    }

    pub(super) fn apply_held_ended(&mut self, id: HeldId) {
        self.held.remove(&id.number());
    }
}

impl MessageHeld {
    /// The event with its content erased.
    pub(super) fn without_content(mut self) -> Self {
        self.body = MessageBody::erased_placeholder();
        self.mentions = Vec::new();
        self.client_message_id = None;
        self.reason = None;
        self
    }
}

impl MailboxEvent {
    /// The held message that the event is about.
    pub fn held_id(&self) -> Option<HeldId> {
        match self {
            Self::MessageHeld(event) => Some(event.held_id),
            Self::HeldMessageReleased(event) => Some(event.held_id),
            Self::HeldMessageRefused(event) => Some(event.held_id),
            _ => None,
        }
    }

    /// The number of the scheduled or held message that the event is about.
    pub fn waiting_number(&self) -> Option<i64> {
        self.scheduled_number()
            .or_else(|| self.held_id().map(HeldId::number))
    }
}
