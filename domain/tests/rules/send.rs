//! Sending messages.

use domain::body::{MessageBody, MessageType};
use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, SendMessage};
use domain::conversation::event::{ConversationEvent, HistoryVisibility, MessageSent, Role};

use crate::builders::*;
use crate::given_when_then::{Given, given};

fn pair() -> Given<Conversation> {
    given([direct("anna", "ben")])
}

fn trio() -> Given<Conversation> {
    given([group(["anna", "ben", "cleo"])])
}

#[test]
fn messages_are_numbered_from_one_without_gaps() {
    trio()
        .when(send("anna"))
        .then([sent(1, "anna")])
        .when(add("anna", ["dora"]))
        .then_accepted()
        .when(send("dora"))
        .then([sent(2, "dora")])
        .when(recall("dora", 2))
        .then_accepted()
        .when(send("ben"))
        .then([sent(3, "ben")]);
}

#[test]
fn a_message_contains_everything_that_was_sent() {
    let command = SendMessage {
        kind: MessageType::Custom,
        body: MessageBody::from_text("two"),
        reply_to: Some(1),
        mentions: users(["cleo", "ben"]),
        now: noon_plus(7),
        ..send_by("anna")
    };
    trio()
        .and([sent(1, "ben")])
        .when(ConversationCommand::Send(command))
        .then([ConversationEvent::MessageSent(MessageSent {
            kind: MessageType::Custom,
            body: MessageBody::from_text("two"),
            reply_to: Some(1),
            mentions: users(["cleo", "ben"]),
            sent_at: noon_plus(7),
            ..message(2, "anna")
        })]);
}

#[test]
fn non_members_cannot_send() {
    trio().when(send("stranger")).then_refused("not_found");
    pair().when(send("stranger")).then_refused("not_found");
}

#[test]
fn a_blocked_user_cannot_send_in_the_direct_conversation() {
    let blocked = || {
        ConversationCommand::Send(SendMessage {
            blocked: true,
            ..send_by("anna")
        })
    };
    pair().when(blocked()).then_refused("blocked");
    trio().when(blocked()).then([sent(1, "anna")]);
    let stranger = ConversationCommand::Send(SendMessage {
        blocked: true,
        ..send_by("stranger")
    });
    pair().when(stranger).then_refused("not_found");
}

fn mentioning(names: Vec<domain::ids::UserId>) -> ConversationCommand {
    ConversationCommand::Send(SendMessage {
        mentions: names,
        ..send_by("anna")
    })
}

fn with_mentions(names: Vec<domain::ids::UserId>) -> ConversationEvent {
    ConversationEvent::MessageSent(MessageSent {
        mentions: names,
        ..message(1, "anna")
    })
}

#[test]
fn mentions_must_be_members_and_are_deduplicated() {
    trio()
        .when(mentioning(users(["ben", "cleo", "ben", "anna", "cleo"])))
        .then([with_mentions(users(["ben", "cleo", "anna"]))]);
    trio()
        .when(mentioning(users(["ben", "stranger"])))
        .then_invalid("mentions");
    trio()
        .and([left("cleo", "cleo")])
        .when(mentioning(users(["cleo"])))
        .then_invalid("mentions");
}

#[test]
fn the_number_of_mentions_is_limited() {
    let big = || {
        trio().and(
            numbered_users(51)
                .iter()
                .map(|u| joined("anna", u.as_str(), Role::Member)),
        )
    };
    big()
        .when(mentioning(numbered_users(50)))
        .then([with_mentions(numbered_users(50))]);
    big()
        .when(mentioning(numbered_users(51)))
        .then_over_limit("mentions", 50);
    let twice = [numbered_users(50), numbered_users(50)].concat();
    big()
        .when(mentioning(twice))
        .then([with_mentions(numbered_users(50))]);
}

fn replying(by: &str, seq: i64) -> ConversationCommand {
    ConversationCommand::Send(SendMessage {
        reply_to: Some(seq),
        ..send_by(by)
    })
}

#[test]
fn a_reply_must_refer_to_an_existing_message() {
    for seq in [i64::MIN, -1, 0, 2, 3, i64::MAX] {
        trio()
            .and([sent(1, "ben")])
            .when(replying("anna", seq))
            .then_invalid("reply_to");
    }
    trio()
        .and([sent(1, "ben")])
        .when(replying("anna", 1))
        .then_accepted();
}

#[test]
fn replying_to_a_recalled_message_is_allowed() {
    trio()
        .and([sent(1, "ben"), recalled(1, "ben")])
        .when(replying("anna", 1))
        .then_accepted();
}

#[test]
fn replying_to_an_old_message_needs_no_lookup() {
    trio()
        .and(sent_all(1, 600, "ben"))
        .when(replying("anna", 1))
        .then_accepted();
}

#[test]
fn a_reply_must_refer_to_a_visible_message() {
    let later = || {
        trio().and([
            changed("anna", None, HistoryVisibility::SinceJoin),
            sent(1, "ben"),
            joined("anna", "dora", Role::Member),
            sent(2, "ben"),
        ])
    };
    later().when(replying("dora", 1)).then_invalid("reply_to");
    later().when(replying("dora", 2)).then_accepted();
    later().when(replying("cleo", 1)).then_accepted();
}
