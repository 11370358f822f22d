//! The aggregates in the test framework of cqrs-es.

use cqrs_es::Aggregate;
use cqrs_es::test::TestFramework;
use domain::conversation::Conversation;
use domain::conversation::event::Role;
use domain::ids::DeviceId;
use domain::limits::Limits;
use domain::mailbox::Mailbox;
use domain::mailbox::command::{AckCursor, MailboxCommand};
use domain::mailbox::event::{DeviceAcked, MailboxEvent};
use domain::profile::Profile;
use domain::profile::command::{ProfileCommand, RevokeTokens};
use domain::profile::event::{ProfileEvent, TokensRevoked};
use domain::refusal::Refusal;
use domain::time::Timestamp;

use crate::builders::*;

#[test]
fn a_conversation_runs_in_the_test_framework() {
    assert_eq!(Conversation::TYPE, "conversation");
    let framework = || TestFramework::<Conversation>::with(Limits::default());
    framework()
        .given_no_previous_events()
        .when(create_group("anna", ["ben"]))
        .then_expect_events(vec![group(["anna", "ben"])]);
    framework()
        .given(vec![group(["anna", "ben"])])
        .when(remove("anna", "anna"))
        .then_expect_events(vec![
            left("anna", "anna"),
            role_changed("anna", "ben", Role::Owner),
        ]);
    framework()
        .given(vec![group(["anna", "ben"])])
        .when(send("cleo"))
        .then_expect_error(Refusal::not_found());
}

#[test]
fn a_mailbox_runs_in_the_test_framework() {
    assert_eq!(Mailbox::TYPE, "mailbox");
    let device = DeviceId::parse("phone").unwrap();
    let ack = |cursor| {
        MailboxCommand::Ack(AckCursor {
            device: device.clone(),
            cursor,
            head: 9,
        })
    };
    let acked = |previous, cursor| {
        MailboxEvent::DeviceAcked(DeviceAcked {
            device: device.clone(),
            cursor,
            previous,
        })
    };
    let framework = || TestFramework::<Mailbox>::with(Limits::default());
    framework()
        .given(vec![acked(0, 3)])
        .when(ack(7))
        .then_expect_events(vec![acked(3, 7)]);
    framework()
        .given_no_previous_events()
        .when(ack(10))
        .then_expect_error_message(
            "invalid: Expected a position from 0 to the head of the log, which is 9.",
        );
}

#[test]
fn a_profile_runs_in_the_test_framework() {
    assert_eq!(Profile::TYPE, "profile");
    let before = Timestamp::from_millis(7);
    let by = user("root");
    TestFramework::<Profile>::with(Limits::default())
        .given_no_previous_events()
        .when(ProfileCommand::RevokeTokens(RevokeTokens {
            before,
            by: by.clone(),
        }))
        .then_expect_events(vec![ProfileEvent::TokensRevoked(TokensRevoked {
            before,
            by,
        })]);
}
