//! Scheduled messages, from scheduling until they are sent, cancelled or refused.

use domain::body::{MessageBody, MessageType};
use domain::ids::ConversationId;
use domain::mailbox::command::{
    CancelScheduledMessages, ChangeScheduledMessage, MailboxCommand, ScheduleMessage,
    ScheduledOutcome,
};
use domain::mailbox::event::{
    MailboxEvent, MessageScheduled, ScheduledMessageCancelled, ScheduledMessageChanged,
    ScheduledMessageFailed, ScheduledMessageSent,
};
use domain::mailbox::{Mailbox, ScheduledContent};
use serde_json::json;

use crate::builders::*;
use crate::given_when_then::given;

const YEAR_MS: i64 = 366 * 24 * 3_600 * 1_000;

fn room() -> ConversationId {
    ConversationId::parse("room").unwrap()
}

fn schedule(millis: i64) -> MailboxCommand {
    MailboxCommand::Schedule(ScheduleMessage {
        conversation: room(),
        kind: MessageType::Text,
        body: MessageBody::from_text("hello"),
        reply_to: None,
        mentions: vec![],
        thread: None,
        client_message_id: client_key(),
        send_at: noon_plus(millis),
        now: noon(),
    })
}

fn message(number: i64, millis: i64) -> MessageScheduled {
    MessageScheduled {
        number,
        conversation: room(),
        kind: MessageType::Text,
        body: MessageBody::from_text("hello"),
        reply_to: None,
        mentions: vec![],
        thread: None,
        client_message_id: Some(client_key()),
        send_at: noon_plus(millis),
    }
}

fn scheduled(number: i64, millis: i64) -> MailboxEvent {
    MailboxEvent::MessageScheduled(message(number, millis))
}

fn change(millis: Option<i64>, text: Option<&str>, now: i64) -> MailboxCommand {
    MailboxCommand::ChangeScheduled(ChangeScheduledMessage {
        number: 1,
        send_at: millis.map(noon_plus),
        body: text.map(|text| json!({ "text": text })),
        now: noon_plus(now),
    })
}

fn changed(millis: i64, text: Option<&str>) -> MailboxEvent {
    MailboxEvent::ScheduledMessageChanged(ScheduledMessageChanged {
        number: 1,
        conversation: room(),
        send_at: noon_plus(millis),
        body: text.map(MessageBody::from_text),
    })
}

fn cancel(now: Option<i64>) -> MailboxCommand {
    MailboxCommand::CancelScheduled(CancelScheduledMessages {
        numbers: vec![1],
        by: user("anna"),
        now: now.map(noon_plus),
    })
}

fn cancelled() -> MailboxEvent {
    MailboxEvent::ScheduledMessageCancelled(ScheduledMessageCancelled {
        number: 1,
        conversation: room(),
        by: user("anna"),
    })
}

fn complete(result: Result<i64, &str>) -> MailboxCommand {
    complete_at(10, result)
}

fn complete_at(millis: i64, result: Result<i64, &str>) -> MailboxCommand {
    MailboxCommand::CompleteScheduled(vec![ScheduledOutcome {
        number: 1,
        send_at: noon_plus(millis),
        result: result.map_err(str::to_owned),
    }])
}

fn sent(seq: i64) -> MailboxEvent {
    MailboxEvent::ScheduledMessageSent(ScheduledMessageSent {
        number: 1,
        conversation: room(),
        seq,
    })
}

fn failed(code: &str) -> MailboxEvent {
    MailboxEvent::ScheduledMessageFailed(ScheduledMessageFailed {
        number: 1,
        conversation: room(),
        code: code.into(),
    })
}

#[test]
fn scheduled_messages_are_numbered_and_numbers_are_not_reused() {
    given::<Mailbox>([])
        .when(schedule(1))
        .then([scheduled(1, 1)])
        .when(cancel(Some(0)))
        .then([cancelled()])
        .when(schedule(5))
        .then([scheduled(2, 5)]);
}

#[test]
fn a_message_is_scheduled_for_a_time_within_a_year() {
    for millis in [0, -1, YEAR_MS + 1] {
        given::<Mailbox>([])
            .when(schedule(millis))
            .then_invalid("send_at");
    }
    given::<Mailbox>([])
        .when(schedule(YEAR_MS))
        .then([scheduled(1, YEAR_MS)]);
}

#[test]
fn the_number_of_scheduled_messages_is_limited() {
    let many = (1..=1_000).map(|number| scheduled(number, 5));
    given::<Mailbox>(many)
        .when(schedule(1))
        .then_invalid("send_at");
}

#[test]
fn a_message_can_be_changed_until_it_is_due() {
    given::<Mailbox>([scheduled(1, 10)])
        .when(change(Some(20), None, 0))
        .then([changed(20, None)])
        .when(change(None, Some("bye"), 0))
        .then([changed(20, Some("bye"))])
        .when(change(Some(20), Some("bye"), 0))
        .then_nothing()
        .when(change(Some(30), None, 20))
        .then_refused("conflict");
    given::<Mailbox>([scheduled(1, 10)])
        .when(change(Some(5), None, 5))
        .then_invalid("send_at");
    given::<Mailbox>([scheduled(1, 10)])
        .when(change(None, Some(" "), 5))
        .then_invalid("body.text");
    given::<Mailbox>([])
        .when(change(Some(5), None, 0))
        .then_refused("not_found");
}

#[test]
fn what_is_being_sent_is_cancelled_only_by_an_erasure() {
    let due = || given::<Mailbox>([scheduled(1, 10)]);
    due().when(cancel(Some(10))).then_refused("conflict");
    due()
        .when(cancel(None))
        .then([cancelled()])
        .when(cancel(None))
        .then_nothing();
}

#[test]
fn the_first_report_of_a_send_counts() {
    given::<Mailbox>([scheduled(1, 10)])
        .when(complete(Ok(7)))
        .then([sent(7)])
        .when(complete(Ok(7)))
        .then_nothing()
        .when(complete(Err("not_found")))
        .then_nothing();
}

#[test]
fn what_was_sent_is_sent_even_if_a_refusal_was_reported_first() {
    given::<Mailbox>([scheduled(1, 10)])
        .when(complete(Err("not_found")))
        .then([failed("not_found")])
        .when(complete(Err("blocked")))
        .then_nothing()
        .when(complete(Ok(7)))
        .then([sent(7)]);
}

#[test]
fn a_message_that_failed_waits_again_at_a_new_time() {
    let refused = || given::<Mailbox>([scheduled(1, 10), failed("blocked")]);
    refused()
        .when(change(Some(30), None, 20))
        .then([changed(30, None)])
        // Another process reports late what became of it at the first time.
        .when(complete_at(10, Err("blocked")))
        .then_nothing()
        .when(complete_at(30, Err("blocked")))
        .then([failed("blocked")]);
    refused()
        .when(change(None, Some("bye"), 20))
        .then_invalid("send_at");
    refused().when(cancel(Some(20))).then([cancelled()]);
}

#[test]
fn the_content_is_that_of_the_last_change() {
    let desk = Some(user("desk"));
    let events = [
        (scheduled(1, 10), None),
        (changed(20, Some("bye")), None),
        (changed(30, None), desk.clone()),
    ];
    let content = ScheduledContent::fold(events).unwrap();
    assert_eq!(content.message.body, MessageBody::from_text("bye"));
    assert_eq!(content.message.send_at, noon_plus(30));
    assert_eq!(content.actor, desk);
    assert_eq!(ScheduledContent::fold([(failed("blocked"), None)]), None);
}

#[test]
fn erased_events_have_no_text_mentions_and_key() {
    let whole = MailboxEvent::MessageScheduled(MessageScheduled {
        mentions: vec![user("ben")],
        ..message(1, 10)
    });
    let erased = MailboxEvent::MessageScheduled(MessageScheduled {
        body: MessageBody::erased_placeholder(),
        client_message_id: None,
        ..message(1, 10)
    });
    assert_eq!(whole.without_content(), Some(erased.clone()));
    assert_eq!(erased.clone().without_content(), Some(erased));
    let erased = MailboxEvent::ScheduledMessageChanged(ScheduledMessageChanged {
        number: 1,
        conversation: room(),
        send_at: noon_plus(20),
        body: Some(MessageBody::erased_placeholder()),
    });
    assert_eq!(changed(20, Some("bye")).without_content(), Some(erased));
    assert_eq!(sent(7).without_content(), None);
}
