//! Held messages, from the verdict of the hook until a moderator has decided.

use domain::body::{MessageBody, MessageType};
use domain::held_id::HeldId;
use domain::ids::ConversationId;
use domain::mailbox::Mailbox;
use domain::mailbox::command::{MailboxCommand, ScheduleMessage};
use domain::mailbox::event::{MailboxEvent, MessageScheduled, ScheduledMessageCancelled};
use domain::mailbox::held_command::{CompleteHeldMessage, HoldMessage};
use domain::mailbox::held_event::{HeldMessageRefused, HeldMessageReleased, MessageHeld};

use crate::builders::*;
use crate::given_when_then::given;

fn room() -> ConversationId {
    ConversationId::parse("room").unwrap()
}

fn hold(scheduled: Option<i64>) -> MailboxCommand {
    MailboxCommand::HoldMessage(HoldMessage {
        sender: user("anna"),
        conversation: room(),
        kind: MessageType::Text,
        body: MessageBody::from_text("hello"),
        reply_to: Some(3),
        thread: None,
        mentions: vec![user("bert")],
        client_message_id: client_key(),
        reason: Some("odd".into()),
        scheduled,
    })
}

fn message(number: i64) -> MessageHeld {
    MessageHeld {
        held_id: HeldId::from_number(number),
        conversation: room(),
        kind: MessageType::Text,
        body: MessageBody::from_text("hello"),
        reply_to: Some(3),
        thread: None,
        mentions: vec![user("bert")],
        client_message_id: Some(client_key()),
        reason: Some("odd".into()),
    }
}

fn held(number: i64) -> MailboxEvent {
    MailboxEvent::MessageHeld(message(number))
}

fn complete(number: i64, result: Result<i64, &str>) -> MailboxCommand {
    MailboxCommand::CompleteHeld(CompleteHeldMessage {
        held_id: HeldId::from_number(number),
        result: result.map_err(str::to_owned),
        by: user("root"),
    })
}

fn released(number: i64) -> MailboxEvent {
    MailboxEvent::HeldMessageReleased(HeldMessageReleased {
        held_id: HeldId::from_number(number),
        conversation: room(),
        seq: 7,
        by: user("root"),
    })
}

fn refused(number: i64) -> MailboxEvent {
    MailboxEvent::HeldMessageRefused(HeldMessageRefused {
        held_id: HeldId::from_number(number),
        conversation: room(),
        reason: "content_refused".into(),
        by: user("root"),
    })
}

fn scheduled(number: i64) -> MailboxEvent {
    MailboxEvent::MessageScheduled(MessageScheduled {
        number,
        conversation: room(),
        kind: MessageType::Text,
        body: MessageBody::from_text("hello"),
        reply_to: None,
        mentions: vec![],
        thread: None,
        client_message_id: Some(client_key()),
        send_at: noon_plus(10),
    })
}

#[test]
fn held_messages_are_numbered_together_with_scheduled_ones() {
    given::<Mailbox>([]).when(hold(None)).then([held(1)]);
    given::<Mailbox>([held(1), refused(1)])
        .when(hold(None))
        .then([held(2)]);
    given::<Mailbox>([scheduled(1)])
        .when(hold(None))
        .then([held(2)]);
    let schedule = MailboxCommand::Schedule(ScheduleMessage {
        conversation: room(),
        kind: MessageType::Text,
        body: MessageBody::from_text("hello"),
        reply_to: None,
        mentions: vec![],
        thread: None,
        client_message_id: client_key(),
        send_at: noon_plus(10),
        now: noon(),
    });
    given::<Mailbox>([held(1)])
        .when(schedule)
        .then([scheduled(2)]);
}

#[test]
fn a_scheduled_message_that_is_held_no_longer_waits() {
    let cancelled = MailboxEvent::ScheduledMessageCancelled(ScheduledMessageCancelled {
        number: 1,
        conversation: room(),
        by: user("anna"),
    });
    given::<Mailbox>([scheduled(1)])
        .when(hold(Some(1)))
        .then([cancelled, held(2)]);
}

#[test]
fn what_is_decided_first_counts() {
    given::<Mailbox>([held(1)])
        .when(complete(1, Ok(7)))
        .then([released(1)]);
    given::<Mailbox>([held(1)])
        .when(complete(1, Err("content_refused")))
        .then([refused(1)]);
    for decided in [released(1), refused(1)] {
        for result in [Ok(7), Err("content_refused")] {
            given::<Mailbox>([held(1), decided.clone()])
                .when(complete(1, result))
                .then_nothing();
        }
    }
    given::<Mailbox>([held(1)])
        .when(complete(2, Ok(7)))
        .then_nothing();
}

#[test]
fn a_user_has_at_most_a_thousand_held_messages() {
    let waiting: Vec<MailboxEvent> = (1..=1_000).map(held).collect();
    given::<Mailbox>(waiting.clone())
        .when(hold(None))
        .then_refused("too_many_held");
    given::<Mailbox>(waiting.into_iter().chain([released(1)]))
        .when(hold(None))
        .then([held(1_001)]);
}

#[test]
fn erasure_removes_everything_that_somebody_wrote() {
    let erased = MailboxEvent::MessageHeld(MessageHeld {
        body: MessageBody::erased_placeholder(),
        mentions: vec![],
        client_message_id: None,
        reason: None,
        ..message(1)
    });
    assert_eq!(held(1).without_content(), Some(erased.clone()));
    assert_eq!(erased.clone().without_content(), Some(erased));
    assert_eq!(released(1).without_content(), None);
    assert_eq!(held(4).waiting_number(), Some(4));
}
