//! Messages that were sent elsewhere.

use domain::body::{Body, MessageType};
use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, ImportedMessage, ReplyTo};
use domain::conversation::event::{ConversationEvent, MessageSent, Role};

use crate::language::{Given, given};
use crate::words::*;

fn group_of_two() -> Given<Conversation> {
    given([group(["anna", "ben"]), sent(1, "anna")])
}

fn imported(sender: &str, reply_to: Option<ReplyTo>, millis: i64) -> ImportedMessage {
    ImportedMessage {
        sender: user(sender),
        kind: MessageType::Text,
        body: Body::text("hello"),
        reply_to,
        sent_at: noon_plus(millis),
    }
}

fn taken(seq: i64, sender: &str, reply_to: Option<i64>, millis: i64) -> ConversationEvent {
    let sent_at = noon_plus(millis);
    ConversationEvent::MessageSent(MessageSent {
        reply_to,
        sent_at,
        ..message(seq, sender)
    })
}

fn import<const N: usize>(messages: [ImportedMessage; N]) -> ConversationCommand {
    ConversationCommand::Import(messages.into())
}

#[test]
fn messages_keep_their_order_and_their_time() {
    group_of_two()
        .when(import([
            imported("ben", None, -5_000),
            imported("anna", None, -9_000),
        ]))
        .then([
            taken(2, "ben", None, -5_000),
            taken(3, "anna", None, -9_000),
        ]);
}

#[test]
fn a_sender_joins_with_their_first_message() {
    group_of_two()
        .when(import([
            imported("ben", None, 0),
            imported("cleo", None, 1),
            imported("cleo", None, 2),
            imported("dora", None, 3),
        ]))
        .then([
            taken(2, "ben", None, 0),
            joined("cleo", "cleo", Role::Member),
            taken(3, "cleo", None, 1),
            taken(4, "cleo", None, 2),
            joined("dora", "dora", Role::Member),
            taken(5, "dora", None, 3),
        ]);
}

#[test]
fn replies_point_to_what_was_there_or_came_before() {
    group_of_two()
        .when(import([
            imported("ben", Some(ReplyTo::Seq(1)), 0),
            imported("ben", Some(ReplyTo::Index(0)), 1),
        ]))
        .then([taken(2, "ben", Some(1), 0), taken(3, "ben", Some(2), 1)]);
}

#[test]
fn replies_to_what_does_not_exist_are_dropped() {
    for missing in [
        ReplyTo::Seq(0),
        ReplyTo::Seq(-1),
        ReplyTo::Seq(2),
        ReplyTo::Seq(i64::MAX),
        ReplyTo::Index(0),
        ReplyTo::Index(1),
        ReplyTo::Index(usize::MAX),
    ] {
        group_of_two()
            .when(import([imported("ben", Some(missing), 0)]))
            .then([taken(2, "ben", None, 0)]);
    }
}

#[test]
fn an_empty_import_changes_nothing() {
    group_of_two().when(import([])).then_nothing();
}

#[test]
fn the_first_into_an_empty_group_owns_it() {
    given::<Conversation>([group(["anna"]), left("anna", "anna")])
        .when(import([
            imported("ben", None, 0),
            imported("cleo", None, 1),
        ]))
        .then([
            joined("ben", "ben", Role::Owner),
            taken(1, "ben", None, 0),
            joined("cleo", "cleo", Role::Member),
            taken(2, "cleo", None, 1),
        ]);
}

#[test]
fn senders_join_within_the_groups_size() {
    let small = || group_of_two().under(|limits| limits.group_members = 3);
    small()
        .when(import([imported("cleo", None, 0)]))
        .then_done();
    small()
        .when(import([
            imported("cleo", None, 0),
            imported("dora", None, 0),
        ]))
        .then_over_limit("sender", 3);
}

#[test]
fn nobody_joins_a_direct_conversation_by_import() {
    let pair = || given::<Conversation>([direct("anna", "ben")]);
    pair()
        .when(import([imported("cleo", None, 0)]))
        .then_invalid("sender");
    pair()
        .when(import([imported("ben", None, 0)]))
        .then([taken(1, "ben", None, 0)]);
}
